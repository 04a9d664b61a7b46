import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { buildCnn } from "../../lib/model/cnn.ts";
import { checkModelFolder, loadClassifier, saveClassifier } from "../../lib/model/saved_model.ts";
import { CLASSES } from "../../lib/types.ts";
import { CAN_MOUNT, runAmongMounts } from "../fixtures/mounts.ts";
import { withFolder } from "../fixtures/photos.ts";

const SAVE = join(import.meta.dirname!, "../fixtures/save_model.ts");

async function save(folder: string, trainedOn: string): Promise<void> {
  const model = buildCnn({ size: 24 });
  const info = { classes: CLASSES.binary, size: 24, trainedOn };
  await saveClassifier({ model, info }, folder).finally(() => model.dispose());
}

async function readTrainedOn(folder: string): Promise<string> {
  const { model, info } = await loadClassifier(folder);
  model.dispose();
  return info.trainedOn;
}

const listNames = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();

Deno.test("saveClassifier() keeps a link, and writes where it leads to", async () => {
  await withFolder(async (folder) => {
    const real = join(folder, "big/mine");
    await Deno.mkdir(join(folder, "links"));
    const cases: [name: string, target: string][] = [
      ["absolute", real],
      ["relative", "../big/mine"],
      ["chain", "relative"],
      ["ends in a slash", "../big/mine/"],
    ];
    for (const [name, target] of cases) {
      const link = join(folder, "links", name);
      await Deno.symlink(target, link);
      // The first of them leads to nothing yet.
      assertEquals(await checkModelFolder(link), real, name);
      await save(name.endsWith("slash") ? `${link}/` : link, name);
      assertEquals([(await Deno.lstat(link)).isSymlink, await readTrainedOn(real)], [true, name]);
      assertEquals(await listNames(real), ["model.json", "weights.bin"]);
    }
    await Deno.symlink("round", join(folder, "round"));
    await assertRejects(() => checkModelFolder(join(folder, "round")), Error, "round");
    await Deno.writeTextFile(join(folder, "file"), "");
    await Deno.symlink("file", join(folder, "to a file"));
    await assertRejects(
      () => checkModelFolder(join(folder, "to a file")),
      Deno.errors.AlreadyExists,
      "is not a folder",
    );
  });
});

Deno.test("saveClassifier() takes a folder of any name, the current one, and an ext4's first", async () => {
  await withFolder(async (folder) => {
    const names = [
      "a b",
      "C#",
      "what?",
      "100%",
      "%20",
      "it's",
      '"',
      "ünï",
      "$HOME",
      "-m",
      "a\nb",
      "é",
    ];
    for (const name of [...names, "a\\b", "[1]", "~", "*", "file:", "a,b", "..."]) {
      await save(join(folder, name), name);
      assertEquals(await readTrainedOn(join(folder, name)), name);
    }
    const empty = join(folder, "disk");
    await Deno.mkdir(join(empty, "lost+found"), { recursive: true });
    await save(empty, "a new disk");
    assertEquals(await listNames(empty), ["lost+found", "model.json", "weights.bin"]);
  });
});

Deno.test({
  name: "saveClassifier() writes into a mount point, and says before the training that it cannot",
  ignore: !CAN_MOUNT,
  async fn() {
    await withFolder(async (folder) => {
      const [target, seen] = [join(folder, "out/mnt"), join(folder, "seen")];
      for (const path of [target, seen]) await Deno.mkdir(path, { recursive: true });
      const run = (mount: string, args: string[]) =>
        runAmongMounts(mount, [target, seen], ["run", "-A", "--no-check", ...args]);
      for (
        const mount of [
          'mount -t tmpfs none "$1"', // as a volume
          'mount --bind "$2" "$1"', // a folder of the same disk
          // And in a folder that takes nothing.
          'mount --bind "$1/.." "$1/.."; mount -o remount,ro,bind "$1/.."; mount --bind "$2" "$1"',
        ]
      ) {
        const { code, stderr, stdout } = await run(mount, [SAVE, target, "2"]);
        assertEquals([code, stderr, stdout], [0, "", "1\n2\n"], mount);
      }
      assertEquals(await readTrainedOn(seen), "seed 2");
      assertEquals(await listNames(target), []);
      assertEquals(await listNames(join(folder, "out")), ["mnt"]);

      const { code, stderr } = await run('mount -t tmpfs -o ro none "$1"', [SAVE, target, "0"]);
      assertEquals(code, 1);
      assertMatch(
        stderr,
        /no file can be written in .*mnt: choose another folder \(Read-only file system/,
      );
    });
  },
});

Deno.test("loadClassifier() takes the new model of a save that was killed before its last step", async () => {
  await withFolder(async (folder) => {
    const [old, fresh] = [join(folder, "old"), join(folder, "new")];
    await save(old, "the old photos");
    const model = buildCnn({ size: 24, seed: 3 });
    const info = { classes: CLASSES.binary, size: 24, trainedOn: "the new photos" };
    await saveClassifier({ model, info }, fresh);
    model.dispose();
    await Deno.mkdir(join(old, ".saving"));
    await Deno.copyFile(join(fresh, "model.json"), join(old, ".saving/model.json"));
    assertEquals(await readTrainedOn(old), "the old photos");
    await Deno.copyFile(join(fresh, "weights.bin"), join(old, "weights.bin"));
    assertEquals(await readTrainedOn(old), "the new photos");
    await save(old, "newer ones");
    assertEquals([await readTrainedOn(old), await listNames(old)], [
      "newer ones",
      ["model.json", "weights.bin"],
    ]);
  });
});

Deno.test("saveClassifier() killed at any time leaves a whole model", async () => {
  await withFolder(async (folder) => {
    await save(folder, "seed 0");
    for (let kill = 0; kill < Number(Deno.env.get("KILLS") ?? 4); kill++) {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", SAVE, folder, "1000"],
        stdout: "piped",
        stderr: "null",
      }).spawn();
      const reader = child.stdout.getReader();
      await reader.read(); // it is at work
      await new Promise((done) => setTimeout(done, 7 * kill % 50));
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
      assertMatch(await readTrainedOn(folder), /^seed [12]$/);
      const names = (await listNames(folder)).filter((name) => !name.startsWith("."));
      assertEquals(names, ["model.json", "weights.bin"]);
    }
    await save(folder, "after");
    assertEquals([await readTrainedOn(folder), await listNames(folder)], [
      "after",
      ["model.json", "weights.bin"],
    ]);
  });
});
