/**
 * Runs the real commands on inputs that failed once, in ../shared/cases. Prints a table with the case, the
 * actual result and the expected result. The exit status is 1 if a result is wrong.
 *
 * `deno run -A bench/cases.ts [name…]`; a case that this machine cannot run is left out with the reason.
 */
import { join } from "node:path";
import { stripVTControlCharacters as stripAnsiCode } from "node:util";
import { downloadDataset } from "../lib/data/download.ts";
import { loadLabelledPhotos } from "../lib/data/labelled_photos.ts";
import { writeSampleFaces } from "../lib/data/sample_faces.ts";
import { countPhotos, viewPixels } from "../lib/photo.ts";
import { ROOT, run } from "../scripts/terminal.ts";

const CASES = join(ROOT, "../shared/cases");

/** An actual result, and whether it is right. */
interface Row {
  seen: string;
  right: boolean;
}

/** Runs a command of this checkout, or of a copy in another folder. */
async function task(name: string, args: string[], root = ROOT) {
  const script = join(root, "scripts", `${name}.ts`);
  const config = join(root, "deno.json");
  const flags = ["run", "-A", "--no-check", "--config", config];
  const { success, stdout, stderr } = await run(Deno.execPath(), [...flags, script, ...args]);
  return { success, stdout, text: `${stdout}\n${stderr}` };
}

/** Returns the first line that matches, else the last line. */
function lineWith(text: string, pattern: RegExp): string {
  const lines = text.trim().split("\n");
  return lines.find((line) => pattern.test(line)) ?? lines.at(-1)!;
}

/** Calls `work` with a temporary folder, and removes it at the end. */
async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "face-mask-case-" });
  try {
    return await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
}

/** Copies the checkout with hard links. */
async function copyCheckout(to: string): Promise<string> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(ROOT)) {
    if (name === ".git" || name === "data" || name.startsWith(".venv")) continue;
    await run("cp", ["-al", join(ROOT, name), to]);
  }
  await Deno.mkdir(join(to, "data"), { recursive: true });
  return to;
}

/** Trains one epoch on 80 drawn faces into a folder. */
async function trainInto(folder: string, model: string) {
  const photos = join(folder, "photos");
  await writeSampleFaces(photos, { count: 80 });
  return await task("train", ["--data", photos, "--epochs", "1", "--model", model, "--no-cache"]);
}

async function tests(file: string, filter: string): Promise<Row> {
  const args = ["test", "-P", "--no-check", join(ROOT, file), "--filter", filter];
  const { success, stdout } = await run(Deno.execPath(), args, { cwd: ROOT });
  const summary = stripAnsiCode(lineWith(stdout, /passed \|/));
  return {
    seen: `${file}, ${filter}: ${summary}`,
    right: success && /[1-9]\d* passed/.test(summary),
  };
}

const WALKS: Record<string, { right: string; walk: (folder: string) => Promise<Row> }> = {
  "camera-stop": {
    right: "the camera is off at once",
    walk: () => tests("tests/app/app_test.ts", "/camera/"),
  },
  "checkout-path-hash": {
    right: "predict works and the page is built in C#/what?",
    walk: (folder) =>
      inFolder(async (elsewhere) => {
        const root = await copyCheckout(join(elsewhere, "C#", "what? 100%"));
        const photo = join(ROOT, "node_modules/@vladmandic/face-api/demo/sample1.jpg");
        const predicted = await task("predict", ["--json", photo], root);
        await Deno.remove(join(root, "app/dist"), { recursive: true }).catch(() => {});
        const code = `import { buildApp } from ${
          JSON.stringify(`./scripts/build_app.ts`)
        }; await buildApp(); console.log("built");`;
        const built = await run(Deno.execPath(), ["eval", code], { cwd: root });
        const right = predicted.success && built.stdout.includes("built");
        void folder;
        return {
          seen: `predict ${predicted.success}, page ${built.stdout.trim() || built.stderr}`,
          right,
        };
      }),
  },
  "heic-message": {
    right: "HEIC cannot be read: save it as JPEG, for the file and in the folder",
    walk: async (folder) => {
      const one = await task("predict", [join(folder, "IMG_0.HEIC")]);
      const mixed = await task("predict", [join(folder, "mixed")]);
      const said = /HEIC cannot be read: save it as JPEG/;
      return {
        seen: lineWith(one.text, /HEIC/),
        right: said.test(one.text) && said.test(mixed.text) && !mixed.success,
      };
    },
  },
  "kaggle-json-ignored": {
    right: "each kaggle.json that cannot be used is named",
    walk: async () => {
      const good = '{"username":"me","key":"0123abcd"}';
      const utf16 = Uint8Array.from([
        0xff,
        0xfe,
        ...[...good].flatMap((c) => [c.charCodeAt(0), 0]),
      ]);
      const bad: Record<string, [Record<string, string>, Uint8Array | string, RegExp]> = {
        "UTF-16": [{}, utf16, /kaggle\.json/],
        quotes: [{}, good.replaceAll('"', "“"), /kaggle\.json/],
        "no key": [{}, '{"username":"me"}', /kaggle\.json/],
        "empty variables": [{ KAGGLE_USERNAME: "", KAGGLE_KEY: "" }, good, /^(?!.*no token)/s],
      };
      const wrong: string[] = [];
      for (const [name, [env, content, said]] of Object.entries(bad)) {
        const message = await askKaggle(env, content);
        if (!said.test(message)) wrong.push(`${name}: ${message}`);
      }
      return {
        seen: wrong.join("; ") || `${Object.keys(bad).length} kinds named`,
        right: wrong.length === 0,
      };
    },
  },
  "many-photos": {
    right: "no stack overflow: they are read, or the message says what is too many",
    walk: () =>
      inFolder(async (folder) => {
        for (const [name, count] of [["with_mask", 67_000], ["without_mask", 66_000]] as const) {
          await Deno.mkdir(join(folder, name));
          for (let i = 1; i <= count; i++) {
            Deno.createSync(join(folder, name, `${String(i).padStart(6, "0")}.jpg`)).close();
          }
        }
        const { text } = await task("evaluate", [
          "--data",
          folder,
          "--task",
          "binary",
          "--no-cache",
        ]);
        return {
          seen: lineWith(text, /error|memory/),
          right: !/call stack|^\s+at /m.test(text) &&
            /error: .*(with_mask|memory|photos)/.test(text),
        };
      }),
  },
  "model-folder-mount": {
    right: "the model is written into the mounted folder, or refused before training",
    walk: () =>
      inFolder(async (folder) => {
        const model = join(folder, "mnt");
        await Deno.mkdir(model);
        const mounted = await run("mount", ["-t", "tmpfs", "none", model]);
        if (!mounted.success) return { seen: "left out: mount needs root", right: true };
        try {
          const { success, text } = await trainInto(folder, model);
          const there = await Deno.stat(join(model, "model.json")).then(() => true, () => false);
          return {
            seen: success ? "written into the mount" : text.trim(),
            right: success && there,
          };
        } finally {
          await run("umount", [model]);
        }
      }),
  },
  "model-folder-symlink": {
    right: "the link stays, and the model lands where it points to",
    walk: () =>
      inFolder(async (folder) => {
        const [target, link] = [join(folder, "big"), join(folder, "link")];
        await run("cp", ["-r", join(ROOT, "models/face-mask"), target]);
        await Deno.symlink(target, link);
        const before = await Deno.readTextFile(join(target, "model.json"));
        const { success, text } = await trainInto(folder, link);
        const { isSymlink } = await Deno.lstat(link);
        const isNew = await Deno.readTextFile(join(target, "model.json")) !== before;
        return {
          seen: success ? `link ${isSymlink}, new model behind it ${isNew}` : text.trim(),
          right: success && isSymlink && isNew,
        };
      }),
  },
  "no-sample-no-reason": {
    right: "read, or the first reasons are given",
    walk: async (folder) => {
      const said: Record<string, RegExp> = {
        "voc-other-names": /face_mask|"n":/,
        nested: /"n":|accuracy|4 photos|recall/,
        "wrong-case": /"n":|accuracy|recall/,
        "one-class-heic": /HEIC/,
      };
      const wrong: string[] = [];
      for (const [name, pattern] of Object.entries(said)) {
        const { text } = await task("evaluate", ["--data", join(folder, name), "--no-cache"]);
        if (!pattern.test(text)) wrong.push(`${name}: ${lineWith(text, /error/)}`);
      }
      return { seen: wrong.join("; ") || "all four", right: wrong.length === 0 };
    },
  },
  "not-a-zip": {
    right: "says what it is and what to do; backslashes are read",
    walk: async (folder) => {
      const tar = await task("evaluate", ["--data", join(folder, "photos.tar.gz"), "--no-cache"]);
      const zip = await task("evaluate", ["--data", join(folder, "powershell5.zip"), "--no-cache"]);
      return {
        seen: lineWith(tar.text, /tar\.gz/),
        right: /not a zip.*unpack it/.test(tar.text) && !/damaged|unsafe/.test(zip.text),
      };
    },
  },
  "read-only-checkout": {
    right: "predict works in a read-only checkout",
    walk: () =>
      inFolder(async (folder) => {
        const mount = join(folder, "mnt");
        await Deno.mkdir(mount);
        const bound = await run("mount", ["--bind", ROOT, mount]);
        if (!bound.success) return { seen: "left out: mount needs root", right: true };
        try {
          await run("mount", ["-o", "remount,ro,bind", mount]);
          const photo = join(ROOT, "node_modules/@vladmandic/face-api/demo/sample1.jpg");
          const { success, text } = await task("predict", ["--json", photo], mount);
          return { seen: success ? "3 faces" : lineWith(text, /error/), right: success };
        } finally {
          await run("umount", [mount]);
        }
      }),
  },
  "voc-size-differs": {
    right: "the labelled face (red) in all four photos",
    walk: async (folder) => {
      const source = { folder: join(folder, "set"), name: "case", cache: "" };
      const options = { size: 32, margin: 0, cache: false, eachClass: false } as const;
      const { images } = await loadLabelledPhotos([source], options);
      const reds = Array.from({ length: countPhotos(images) }, (_, index) => {
        const pixels = viewPixels(images, index);
        const sum = (channel: number) =>
          pixels.reduce((total, value, i) => i % 3 === channel ? total + value : total, 0);
        return sum(0) > sum(2);
      });
      const seen = `${reds.filter((red) => red).length} of ${reds.length} red`;
      return { seen, right: reds.length >= 4 && reds.every((red) => red) };
    },
  },
  "webcam-frames": {
    right: "says that the frames are near-duplicates, and offers a way on",
    walk: () => tests("tests/data/split_photos_test.ts", "/scene/"),
  },
  "zip-dot-slash": {
    right: "unpacked and evaluated",
    walk: async (folder) => {
      const { success, text } = await task("evaluate", [
        "--data",
        join(folder, "photos.zip"),
        "--no-cache",
      ]);
      return { seen: lineWith(text, /accuracy|error/), right: success };
    },
  },
};

/** Returns the report of a refusal by Kaggle, for a home folder with this kaggle.json. */
async function askKaggle(
  env: Record<string, string>,
  content: Uint8Array | string,
): Promise<string> {
  return await inFolder(async (home) => {
    await Deno.mkdir(join(home, ".kaggle"));
    const file = join(home, ".kaggle/kaggle.json");
    await Deno.writeFile(
      file,
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
    await Deno.chmod(file, 0o600);
    const all: Record<string, string> = { HOME: home, ...env };
    const warnings: string[] = [];
    const local = { hostname: "127.0.0.1", port: 0, onListen() {} };
    await using server = Deno.serve(local, () => new Response("no", { status: 403 }));
    try {
      await downloadDataset("omkargurav/face-mask-dataset", {
        folder: join(home, "data"),
        baseUrl: `http://127.0.0.1:${server.addr.port}`,
        env: (name) => all[name],
        onWarning: (warning) => warnings.push(warning),
        retries: 0,
      });
    } catch (error) {
      warnings.push((error as Error).message);
    }
    return warnings.join("\n");
  });
}

if (import.meta.main) {
  const there = await Deno.stat(CASES).then(() => true, () => false);
  if (!there) {
    console.log("left out: the folder ../shared/cases is not here");
    Deno.exit(0);
  }
  const names = (await Array.fromAsync(Deno.readDir(CASES))).map(({ name }) => name).sort();
  const rows: string[] = [];
  for (const name of names.filter((name) => Deno.args.length === 0 || Deno.args.includes(name))) {
    const known = WALKS[name];
    const { seen, right } = known
      ? await known.walk(join(CASES, name)).catch((error) => ({
        seen: String(error),
        right: false,
      }))
      : { seen: "no walk knows this case", right: false };
    if (!right) Deno.exitCode = 1;
    rows.push(
      `${right ? "right" : "WRONG"}  ${name.padEnd(22)} ${seen.slice(0, 160)}\n${
        " ".repeat(30)
      }right is: ${known?.right ?? "?"}`,
    );
    console.log(rows.at(-1));
  }
  console.log(
    `\n${rows.length} cases, ${rows.filter((row) => row.startsWith("WRONG")).length} wrong`,
  );
}
