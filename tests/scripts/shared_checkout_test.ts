import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
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
  name: "predict, evaluate and app work in a checkout of any path that cannot be written",
  ignore: !CAN_MOUNT,
  async fn() {
    await withFolder(async (folder) => {
      const checkout = join(folder, `C# & 100% %20 "it's" ünï?x=1`);
      const [home, photos] = [join(folder, "home"), join(folder, "photos")];
      for (const path of [checkout, home, join(ROOT, "app/dist")]) {
        await Deno.mkdir(path, { recursive: true });
      }
      await writeSampleFaces(photos, { count: 12 });
      const env = {
        HOME: home,
        XDG_CACHE_HOME: "",
        DENO_DIR: join(folder, "deno"),
        INIT_CWD: folder,
      };
      // A page that was built is hidden, so that it must be built.
      const mount = 'mount --bind "$1" "$2"; mount -t tmpfs none "$2/app/dist"; ' +
        'mount -o remount,ro,bind "$2"; cd "$2"';
      const run = (...args: string[]) => runAmongMounts(mount, [ROOT, checkout], args, { env });
      const runTask = (name: string, ...args: string[]) =>
        run("run", "-A", "--no-check", `scripts/${name}.ts`, ...args);

      const predicted = await runTask("predict", GROUP);
      assertEquals(predicted.code, 0, predicted.stderr);
      assertMatch(predicted.stdout, /without mask/);

      const judged = await runTask("evaluate", "--task", "binary", "--data", photos, "--json");
      assertEquals(judged.code, 0, judged.stderr);
      assertEquals(JSON.parse(judged.stdout).n, 12);
      assertEquals(await listCaches(home), ["data/cache/DIGEST.pixels"]);

      const trained = await runTask("train", "--data", photos, "--epochs", "1");
      assertEquals(trained.code, 1);
      assertMatch(trained.stderr, /error: no file can be written in .*cnn: choose another folder/);

      const build = join(checkout, "scripts/build_app.ts");
      const module = JSON.stringify(pathToFileURL(build).href);
      const code = `import { buildApp } from ${module}; console.log(await buildApp());`;
      const built = await run("eval", "--config=deno.json", code);
      assertEquals(built.code, 0, built.stderr);
      const caches = await listCaches(home);
      for (const name of ["index.html", "main.js", "worker/worker.js"]) {
        assert(caches.includes(`app/DIGEST/${name}`), caches.join());
      }
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
