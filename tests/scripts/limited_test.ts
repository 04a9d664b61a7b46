import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { fixedPart, type Grant, listFlags } from "../../scripts/limited.ts";
import { withFolder } from "../fixtures/photos.ts";
import { GROUP } from "../fixtures/group_photos.ts";

const ROOT = join(import.meta.dirname!, "../..");

/** Tries in a limited process what a command may not do; says what was refused. */
async function probe(grant: Grant, folder: string): Promise<Record<string, string>> {
  const script = join(folder, "probe.ts");
  await Deno.writeTextFile(
    script,
    `const seen = {};
    const attempt = async (name, work) => {
      try { await work(); seen[name] = "done"; } catch (error) { seen[name] = error.name; }
    };
    const folder = ${JSON.stringify(folder)};
    await attempt("read inside", () => Deno.readTextFile(folder + "/photos/1.txt"));
    await attempt("read outside", () => Deno.readTextFile(folder + "/secret.txt"));
    await attempt("write inside", () => Deno.writeTextFile(folder + "/out/1.txt", ""));
    await attempt("write photos", () => Deno.writeTextFile(folder + "/photos/1.txt", ""));
    await attempt("write project", () => Deno.writeTextFile(${
      JSON.stringify(join(ROOT, "data/probe.txt"))
    }, ""));
    await attempt("connect", () => Deno.connect({ hostname: "127.0.0.2", port: 9 }));
    await attempt("fetch", () => fetch("http://192.0.2.1"));
    await attempt("listen", () => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close());
    await attempt("run", () => new Deno.Command("true").output());
    console.log(JSON.stringify(seen));`,
  );
  const args = ["run", "--no-check", ...await listFlags(grant), script];
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  const text = new TextDecoder().decode(stdout);
  assert(text, new TextDecoder().decode(stderr));
  return JSON.parse(text);
}

Deno.test("listFlags() allows what was named, and refuses everything else", async () => {
  await withFolder(async (folder) => {
    for (const name of ["photos", "out"]) await Deno.mkdir(join(folder, name));
    await Deno.writeTextFile(join(folder, "photos/1.txt"), "");
    await Deno.writeTextFile(join(folder, "secret.txt"), "");
    const read = [join(folder, "photos"), join(folder, "probe.ts")];
    const refused = "NotCapable";
    const seen = await probe({ read, write: [join(folder, "out")] }, folder);
    assertEquals(seen, {
      "read inside": "done",
      "read outside": refused,
      "write inside": "done",
      "write photos": refused,
      "write project": refused,
      connect: refused,
      fetch: refused,
      listen: refused,
      run: refused,
    });
    const server = await probe({ read, listen: true }, folder);
    assertEquals([server.listen, server.fetch, server.run], ["done", refused, refused]);
  });
});

Deno.test("fixedPart() cuts a pattern before what makes it one", () => {
  assertEquals(
    ["a/b.jpg", "a/**/*.jpg", "*.jpg", "/x/[a]/1", "/*.png"].map(fixedPart),
    ["a/b.jpg", "a", ".", "/x", "/"],
  );
});

Deno.test("no task has all permissions", async () => {
  const { tasks, permissions } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
  for (const [name, { command }] of Object.entries<{ command: string }>(tasks)) {
    assert(!/(^|\s)(-A|--allow-all)\b/.test(command), name);
    for (const [, set] of command.matchAll(/-P=(\w+)/g)) assert(set! in permissions, name);
  }
});

Deno.test("predict works in a limited process, writes where it was told, and passes its status on", async () => {
  await withFolder(async (folder) => {
    const photo = join(folder, "a, b.jpg"), output = join(folder, "new/results/out.jsonl");
    await Deno.copyFile(GROUP, photo);
    const predict = async (...args: string[]) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-P=setup", "--no-check", join(ROOT, "scripts/predict.ts"), ...args],
        cwd: ROOT,
        env: { INIT_CWD: folder },
      }).output();
      const decoder = new TextDecoder();
      return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
    };
    const options = ["--json", "--output", "new/results/out.jsonl", "--annotate", "new/pictures"];
    const good = await predict(...options, "a, b.jpg");
    assertEquals(good.code, 0, good.stderr);
    assertStringIncludes(await Deno.readTextFile(output), '"faces":[{');
    const bad = await predict("missing.jpg");
    assertEquals(bad.code, 1);
    assertMatch(bad.stderr, /missing\.jpg: /);
  });
});
