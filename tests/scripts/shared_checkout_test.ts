import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { writeSampleFaces } from "../../lib/data/sample_faces.ts";
import { CAN_MOUNT, ROOT, runAmongMounts } from "../fixtures/mounts.ts";
import { GROUP } from "../fixtures/group_photos.ts";
import { withFolder } from "../fixtures/photos.ts";

/** Where the user's caches go, apart from Deno's own. */
async function listCaches(home: string): Promise<string[]> {
  const found: string[] = [];
  const visit = async (folder: string, above: string) => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (isDirectory) await visit(join(folder, name), `${above}${name}/`);
      else found.push(above + name.replace(/[0-9a-f]{16,}/, "DIGEST"));
    }
  };
  await visit(join(home, ".cache/face-mask"), "").catch(() => {});
  return found.map((file) => file.replace(/[0-9a-f]{16,}/, "DIGEST")).sort();
}

Deno.test({
  name: "deno task predict, evaluate and app work in a checkout that cannot be written",
  ignore: !CAN_MOUNT,
  async fn() {
    await withFolder(async (folder) => {
      const [home, photos] = [join(folder, "home"), join(folder, "photos")];
      await Deno.mkdir(home);
      await writeSampleFaces(photos, { count: 12 });
      const readOnly = 'mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"; cd "$1"';
      const run = (script: string, ...args: string[]) =>
        runAmongMounts(
          readOnly,
          [ROOT],
          ["run", "-A", "--no-check", join(ROOT, `scripts/${script}.ts`), ...args],
          {
            env: {
              HOME: home,
              XDG_CACHE_HOME: "",
              DENO_DIR: join(folder, "deno"),
              INIT_CWD: folder,
            },
          },
        );
      const predicted = await run("predict", GROUP);
      assertEquals(predicted.code, 0, predicted.stderr);
      assertMatch(predicted.stdout, /without mask/);

      const judged = await run("evaluate", "--task", "binary", "--data", photos, "--json");
      assertEquals(judged.code, 0, judged.stderr);
      assertEquals(JSON.parse(judged.stdout).n, 12);
      assertEquals(await listCaches(home), ["data/cache/DIGEST.pixels"]);

      const trained = await run("train", "--data", photos, "--epochs", "1");
      assertEquals(trained.code, 1);
      assertMatch(trained.stderr, /error: no file can be written in .*cnn: choose another folder/);

      // The page is built where it can be; that of the checkout is hidden.
      const page = join(ROOT, "app/dist");
      await Deno.mkdir(page, { recursive: true });
      const build = join(ROOT, "scripts/build_app.ts");
      const code = `import { buildApp } from ${
        JSON.stringify(build)
      }; console.log(await buildApp());`;
      const built = await runAmongMounts(
        `mount -t tmpfs none "$1/app/dist"; mount --rbind "$1" "$1"; mount -o remount,ro,bind "$1"; cd "$1"`,
        [ROOT],
        ["eval", `--config=${join(ROOT, "deno.json")}`, code],
        { env: { HOME: home, XDG_CACHE_HOME: "", DENO_DIR: join(folder, "deno") } },
      );
      assertEquals(built.code, 0, built.stderr);
      assert(built.stdout.startsWith(join(home, ".cache/face-mask/app/")), built.stdout);
      assert((await listCaches(home)).includes("app/DIGEST/index.html"));
    });
  },
});

/** A user who owns nothing here; only root can become him. */
const NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] as const;
const canBeNobody = await new Deno.Command(NOBODY[0], {
  args: [...NOBODY.slice(1), "sh", "-c", `test -r '${ROOT}/deno.json' && '${Deno.execPath()}' -V`],
}).output().then(({ success }) => success, () => false);

Deno.test({
  name: "deno task predict works for another user than set up",
  ignore: !canBeNobody,
  async fn() {
    await withFolder(async (folder) => {
      const home = join(folder, "home");
      await Deno.chmod(folder, 0o755);
      await Deno.mkdir(home);
      await Deno.chown(home, 65534, 65534);
      const script = join(ROOT, "scripts/predict.ts");
      const { code, stdout, stderr } = await new Deno.Command(NOBODY[0], {
        args: [...NOBODY.slice(1), Deno.execPath(), "run", "-A", "--no-check", script, GROUP],
        cwd: ROOT,
        env: { HOME: home, XDG_CACHE_HOME: "", DENO_DIR: join(home, "deno"), INIT_CWD: home },
      }).output();
      assertEquals(code, 0, new TextDecoder().decode(stderr));
      assertMatch(new TextDecoder().decode(stdout), /without mask/);
    });
  },
});
