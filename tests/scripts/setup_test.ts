import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { dirname, join } from "node:path";
import { createHash } from "node:crypto";
import { cp } from "node:fs/promises";
import { BlobWriter, TextReader, ZipWriter } from "@zip.js/zip.js";
import { runTied } from "../../scripts/child.ts";
import { findEngine } from "../../scripts/install_engine.ts";
import { fetchLibrary } from "../../scripts/prebuilt_engine.ts";
import {
  adviseOnPip,
  findEnvironment,
  findPython,
  installEnvironment,
} from "../../scripts/python.ts";
import { hashFile } from "../../scripts/stamp.ts";
import { ROOT } from "../fixtures/mounts.ts";
import { withFolder } from "../fixtures/photos.ts";

const sha256 = (bytes: Uint8Array, encoding: "hex" | "base64url" = "hex") =>
  createHash("sha256").update(bytes).digest(encoding);

/** Writes the wheel of a package of one module, and what pins it; pip asks no index. */
async function writeWheel(folder: string, { body = "answer = 42\n", hash = "" } = {}) {
  const files: Record<string, string> = {
    "tiny/__init__.py": body,
    "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
    "tiny-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "tiny-1.0.dist-info/entry_points.txt": "[console_scripts]\ntiny = tiny:main\n",
  };
  const record = Object.entries(files).map(([name, text]) => {
    const bytes = new TextEncoder().encode(text);
    return `${name},sha256=${sha256(bytes, "base64url")},${bytes.length}`;
  });
  files["tiny-1.0.dist-info/RECORD"] = [...record, "tiny-1.0.dist-info/RECORD,,", ""].join("\n");
  const zip = new ZipWriter(new BlobWriter());
  for (const [name, text] of Object.entries(files)) await zip.add(name, new TextReader(text));
  const bytes = new Uint8Array(await (await zip.close()).arrayBuffer());
  await Deno.writeFile(join(folder, "tiny-1.0-py3-none-any.whl"), bytes);
  const requirements = join(folder, "requirements.txt");
  const lines = ["--no-index", `--find-links ${folder}`];
  lines.push(`tiny==1.0 --hash=sha256:${hash || sha256(bytes)}`, "");
  await Deno.writeTextFile(requirements, lines.join("\n"));
  return requirements;
}

const listNames = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();

const python = await findPython();

Deno.test({
  name: "installEnvironment() mends what was deleted or changed, and leaves nothing of a failure",
  ignore: python === undefined,
  async fn() {
    await withFolder(async (folder) => {
      const requirements = await writeWheel(folder);
      const environment = { what: "tiny", folder: join(folder, "env"), requirements };
      const install = () => installEnvironment({ ...environment, onProgress() {} });
      const own = await install();
      assertEquals(await findEnvironment(environment), own);
      const ask = async () => {
        const { stdout } = await new Deno.Command(own, {
          args: ["-c", "import tiny; print(tiny.__file__, tiny.answer)"],
        }).output();
        return new TextDecoder().decode(stdout).trim().split(" ");
      };
      const [module = "", answer] = await ask();
      assertEquals(answer, "42");
      const script = join(
        folder,
        Deno.build.os === "windows" ? "env/Scripts/tiny.exe" : "env/bin/tiny",
      );
      if (Deno.build.os !== "windows") {
        assert((await Deno.readTextFile(script)).startsWith(`#!${own}`));
      }
      const damages: [name: string, how: () => Promise<void>, isThorough?: boolean][] = [
        ["a deleted file", () => Deno.remove(module)],
        ["a deleted package", () => Deno.remove(dirname(module), { recursive: true })],
        ["a deleted script", () => Deno.remove(script)],
        ["a changed file", () => Deno.writeTextFile(module, "answer = 4242\n")],
        ["one of the same size", () => Deno.writeTextFile(module, "answer = 43\n"), true],
        ["a cut stamp", () => Deno.truncate(join(folder, "env/installed.json"), 20)],
        [
          "a deleted record",
          () => Deno.remove(join(dirname(module), "../tiny-1.0.dist-info/RECORD")),
        ],
        ["other pins", () => Deno.writeTextFile(requirements, "# new\n", { append: true })],
      ];
      const pins = await Deno.readTextFile(requirements);
      const site = join(dirname(module), "..");
      const parts = [dirname(module), join(site, "tiny-1.0.dist-info"), script];
      parts.push(join(folder, "env/installed.json"));
      for (const part of parts) await cp(part, `${part}.whole`, { recursive: true });
      for (const [name, damage, isThorough = false] of damages) {
        await damage();
        assertEquals(await findEnvironment({ ...environment, isThorough }), undefined, name);
        for (const part of parts) await cp(`${part}.whole`, part, { recursive: true });
        await Deno.writeTextFile(requirements, pins);
        assertEquals(await findEnvironment({ ...environment, isThorough }), own, name);
      }
      // Moved, it is still whole: its Python is asked to run modules, not scripts.
      await Deno.rename(join(folder, "env"), join(folder, "moved"));
      assert(await findEnvironment({ ...environment, folder: join(folder, "moved") }));

      await Deno.mkdir(join(folder, "env-part-killed"));
      await writeWheel(folder, { hash: "0".repeat(64) });
      await assertRejects(install, Error, "Expected sha256 0000");
      assertEquals(await listNames(folder), [
        "moved",
        "requirements.txt",
        "tiny-1.0-py3-none-any.whl",
      ]);
      await Deno.mkdir(join(folder, "env/installed.json"), { recursive: true }); // root may read what has no mode
      await assertRejects(() => findEnvironment(environment), Error, "cannot be read");
    });
  },
});

Deno.test({
  name: "installEnvironment() killed at any time ends pip too, and is done again",
  ignore: python === undefined || Deno.build.os === "windows",
  async fn() {
    await withFolder(async (folder) => {
      const requirements = await writeWheel(folder);
      const environment = { what: "tiny", folder: join(folder, "env"), requirements };
      const module = join(ROOT, "scripts/python.ts");
      const code = `import { installEnvironment } from ${JSON.stringify(module)};
        console.log("begun");
        await installEnvironment({ ...${JSON.stringify(environment)}, onProgress() {} });`;
      for (let kill = 0; kill < Number(Deno.env.get("KILLS") ?? 1); kill++) {
        const child = new Deno.Command(Deno.execPath(), {
          args: ["eval", `--config=${join(ROOT, "deno.json")}`, code],
          stdout: "piped",
        }).spawn();
        const reader = child.stdout.getReader();
        await reader.read();
        await new Promise((done) => setTimeout(done, 300 + 700 * kill % 3000));
        child.kill("SIGKILL");
        await reader.cancel();
        await child.status;
        await new Promise((done) => setTimeout(done, 500));
        const { stdout } = await new Deno.Command("ps", { args: ["-eo", "args"] }).output();
        const left = new TextDecoder().decode(stdout).split("\n")
          .filter((line) => line.includes(folder) && line.includes("python"));
        assertEquals(left.filter((line) => line.includes("-m pip install")), []);
        const own = await installEnvironment({ ...environment, onProgress() {} });
        assertEquals(await findEnvironment({ ...environment, isThorough: true }), own);
        assertEquals(await listNames(folder), [
          "env",
          "requirements.txt",
          "tiny-1.0-py3-none-any.whl",
        ]);
        await Deno.remove(join(folder, "env/installed.json"));
      }
    });
  },
});

Deno.test({
  name: "runTied() ends the program when its parent is killed, and tells what it said",
  ignore: Deno.build.os === "windows",
  async fn() {
    const lines: string[] = [];
    const outcome = await runTied("sh", ["-c", "echo a; echo b; echo c >&2; exit 3"], {
      onLine: (line) => lines.push(line),
    });
    assertEquals([outcome, lines], [{ success: false, stderr: "c\n" }, ["a", "b"]]);
    assertMatch((await runTied("no-such-program", [])).stderr, /no-such-program/);

    const seconds = `1000.${Deno.pid}`;
    const module = join(ROOT, "scripts/child.ts");
    const code = `import { runTied } from ${JSON.stringify(module)};
      await runTied("sh", ["-c", "echo begun; exec sleep ${seconds}"], { onLine: console.log });`;
    for (const signal of ["SIGKILL", "SIGTERM", "SIGINT"] as const) {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["eval", `--config=${join(ROOT, "deno.json")}`, code],
        stdout: "piped",
      }).spawn();
      const reader = child.stdout.getReader();
      await reader.read();
      child.kill(signal);
      await reader.cancel();
      await child.status;
      let left = "";
      for (let i = 0; i < 40; i++) {
        await new Promise((done) => setTimeout(done, 50));
        const { stdout } = await new Deno.Command("ps", { args: ["-eo", "args"] }).output();
        left = new TextDecoder().decode(stdout).split("\n")
          .filter((line) => line.startsWith(`sleep ${seconds}`)).join();
        if (left === "") break;
      }
      assertEquals([signal, left], [signal, ""]);
    }
  },
});

Deno.test("findEngine() notices other sources, and files that are missing, cut or damaged", async () => {
  const whole = await Deno.realPath(join(ROOT, "node_modules/@tensorflow/tfjs-node"));
  const version = await findEngine({ folder: whole });
  assertMatch(version ?? "not installed", /^\d+\.\d+\.\d+$/);
  await withFolder(async (folder) => {
    // The same sources, and small files in place of the library.
    await Deno.mkdir(join(folder, "binding"));
    for (const name of await listNames(join(whole, "binding"))) {
      await Deno.copyFile(join(whole, "binding", name), join(folder, "binding", name));
    }
    const file = join(folder, "deps/lib/library.so"), stampFile = join(folder, "engine.json");
    await Deno.mkdir(dirname(file), { recursive: true });
    const stamp = JSON.parse(await Deno.readTextFile(join(whole, "engine.json")));
    const restore = async () => {
      await Deno.writeTextFile(file, "library");
      const digest = await hashFile(file);
      Object.assign(stamp, {
        files: { "deps/lib/library.so": 7 },
        sha256: { "deps/lib/library.so": digest },
      });
      await Deno.writeTextFile(stampFile, JSON.stringify(stamp));
    };
    const find = (isThorough: boolean) => findEngine({ folder }, { isThorough });
    await restore();
    assertEquals([await find(false), await find(true)], [version, version]);
    const source = join(folder, "binding/tfjs_binding.cc");
    const damages: [name: string, how: () => Promise<void>, quick: string | undefined][] = [
      ["the same size", () => Deno.writeTextFile(file, "librarY"), version],
      ["cut", () => Deno.writeTextFile(file, "libra"), undefined],
      ["missing", () => Deno.remove(file), undefined],
      ["no stamp", () => Deno.remove(stampFile), undefined],
      ["a cut stamp", () => Deno.truncate(stampFile, 30), undefined],
      ["a stamp of null", () => Deno.writeTextFile(stampFile, "null"), undefined],
      ["an old stamp", async () => {
        const { libtensorflow, files } = stamp;
        await Deno.writeTextFile(stampFile, JSON.stringify({ libtensorflow, files }));
      }, undefined],
      ["another source", () => Deno.writeTextFile(source, "// new\n", { append: true }), undefined],
    ];
    for (const [name, damage, quick] of damages) {
      await restore();
      await damage();
      assertEquals([name, await find(false), await find(true)], [name, quick, undefined]);
    }
  });
});

Deno.test("fetchLibrary() takes only the library that is known", async () => {
  await withFolder(async (folder) => {
    const [source, staging] = [join(folder, "source"), join(folder, "staging")];
    await Deno.mkdir(join(source, "lib"), { recursive: true });
    await Deno.mkdir(staging);
    await Deno.writeTextFile(join(source, "lib/libtensorflow.so"), "the library");
    const archive = join(folder, "library.tar.gz");
    await new Deno.Command("tar", { args: ["-czf", archive, "-C", source, "lib"] }).output();
    const bytes = await Deno.readFile(archive);
    const local = { hostname: "127.0.0.1", port: 0, onListen() {} };
    await using server = Deno.serve(local, () => new Response(bytes));
    const url = `http://127.0.0.1:${server.addr.port}/library.tar.gz`;
    const library = { version: "2.9.1", url, sha256: sha256(bytes) };
    await assertRejects(
      () => fetchLibrary({ ...library, sha256: "0".repeat(64) }, staging, () => {}),
      Error,
      `the SHA-256 of ${url} must be 0000`,
    );
    await fetchLibrary(library, staging, () => {});
    assertEquals(
      await Deno.readTextFile(join(staging, "deps/lib/libtensorflow.so")),
      "the library",
    );
  });
});

Deno.test("all Python requirements have hashes", async () => {
  for (
    const file of [
      "scripts/requirements.txt",
      "scripts/export_requirements.txt",
      "bench/requirements.txt",
    ]
  ) {
    const text = await Deno.readTextFile(join(ROOT, file));
    const packages = text.replaceAll("\\\n", " ").split("\n").filter((line) => /^\w/.test(line));
    assert(packages.length > 30, file);
    for (const line of packages) assertMatch(line, /^[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}/);
  }
});

Deno.test("adviseOnPip() names the variable for a company's certificate", () => {
  const complaint = "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] …'))";
  assertMatch(adviseOnPip(complaint), /PIP_CERT/);
  assertMatch(adviseOnPip("No space left on device"), /the disk/);
});
