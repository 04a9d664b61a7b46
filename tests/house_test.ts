import { assert, assertEquals } from "@std/assert";
import { join, relative, sep } from "node:path";

const ROOT = join(import.meta.dirname!, "..");
const LIB = join(ROOT, "lib");

/** The ground: words and plain arithmetic, which all rooms may use. */
const GROUND = [
  "boxes.ts",
  "class_style.ts",
  "concurrency.ts",
  "files.ts",
  "photo.ts",
  "random.ts",
  "types.ts",
];

/** The rooms from the lowest to the highest: each imports the ground and rooms before it. */
const ROOMS = [
  "engine",
  "images",
  "data",
  "detection",
  "model",
  "inference",
  "evaluation",
  "training",
  "charts",
];

/** Rooms that a room may not import although they are before it. */
const CLOSED: Record<string, string[]> = {
  data: ["engine"],
  detection: ["data"],
};

/** An import of one file of lib by another. */
interface Arrow {
  from: string;
  to: string;
  isType: boolean;
}

interface Dependency {
  code?: { specifier?: string };
  type?: { specifier?: string };
  isDynamic?: boolean;
}

/** The import graph of a module of ours and all below it, as Deno sees it: types and `import()` included. */
async function readGraph(entry: string): Promise<{ arrows: Arrow[]; external: string[] }> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: ROOT,
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
    modules: { local?: string; specifier: string; dependencies?: Dependency[] }[];
  };
  const external = modules.map(({ specifier }) => specifier).filter((it) => it.startsWith("npm:"));
  const prefix = `${LIB}${sep}`;
  const arrows = modules.filter(({ local }) => local?.startsWith(prefix)).flatMap((module) =>
    (module.dependencies ?? []).flatMap(({ code, type }) =>
      [{ it: code, isType: false }, { it: type, isType: true }].flatMap(({ it, isType }) =>
        it?.specifier?.startsWith(`file://${prefix}`)
          ? [{
            from: relative(LIB, module.local!),
            to: relative(LIB, new URL(it.specifier).pathname),
            isType,
          }]
          : []
      )
    )
  );
  return { arrows, external };
}

const roomOf = (file: string) => file.includes(sep) ? file.split(sep)[0]! : "ground";

function isAllowed({ from, to, isType }: Arrow): boolean {
  if (from === "mod.ts" || from === "browser.ts") return true;
  const [room, wanted] = [roomOf(from), roomOf(to)];
  if (room === wanted || wanted === "ground") return true;
  if (room === "ground") return false;
  if (room === "charts") return isType;
  return ROOMS.indexOf(wanted) < ROOMS.indexOf(room) && !CLOSED[room]?.includes(wanted);
}

async function* listFiles(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* listFiles(join(folder, name));
    else yield join(folder, name);
  }
}

Deno.test("lib's entries are the ground files, the rooms and the two entry points", async () => {
  const entries = (await Array.fromAsync(Deno.readDir(LIB))).map(({ name }) => name);
  assertEquals(entries.sort(), [...GROUND, ...ROOMS, "browser.ts", "mod.ts"].sort());
});

Deno.test("lib's rooms import downward only, types and dynamic imports included", async () => {
  const { arrows } = await readGraph("lib/mod.ts");
  const wrong = arrows.filter((arrow) => !isAllowed(arrow));
  assert(arrows.length > 100, `read ${arrows.length} imports`);
  assertEquals(wrong.map(({ from, to }) => `${from} -> ${to}`), []);
});

Deno.test("lib's files import each other without a cycle, types included", async () => {
  const { arrows } = await readGraph("lib/mod.ts");
  const next = Map.groupBy(arrows, ({ from }) => from);
  const done = new Set<string>();
  const visit = (file: string, path: string[]) => {
    assertEquals(path.includes(file), false, `cycle: ${[...path, file].join(" -> ")}`);
    if (done.has(file)) return;
    for (const { to } of next.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
});

Deno.test("every file of lib is reached from its public surface or a command", async () => {
  const entries = ["lib/mod.ts", "lib/browser.ts", "scripts/train_detector.ts"];
  const graphs = await Promise.all(entries.map(readGraph));
  const reached = new Set(
    graphs.flatMap(({ arrows }) => arrows.flatMap(({ from, to }) => [from, to])),
  );
  const files = (await Array.fromAsync(listFiles(LIB))).map((file) => relative(LIB, file));
  assertEquals(files.filter((file) => !reached.has(file)).sort(), []);
});

Deno.test("what browser.ts reaches needs no Deno and no native library, types included", async () => {
  const { arrows, external } = await readGraph("lib/browser.ts");
  const packages = external.map((it) => it.replace(/^npm:\/?|@[\d.]+$/g, ""));
  const portable = ["backend-wasm", "core", "layers"].map((name) => `@tensorflow/tfjs-${name}`);
  assertEquals(packages.filter((name) => !portable.includes(name)), []);
  const files = new Set(["browser.ts", ...arrows.map(({ to }) => to)]);
  assert(files.size > 15, `read ${files.size} files`);
  const wrong: string[] = [];
  for (const file of files) {
    const text = await Deno.readTextFile(join(LIB, file));
    const code = text.replace(/\/\*[^]*?\*\/|\/\/.*/g, "");
    if (/\bDeno\b|from "node:/.test(code)) wrong.push(file);
  }
  assertEquals(wrong, []);
});

Deno.test("lib names its npm packages in full, in deno.json's versions, so that any program can import it", async () => {
  const { imports } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json"))) as {
    imports: Record<string, string>;
  };
  const wanted = Object.values(imports);
  const wrong: string[] = [];
  for await (const file of listFiles(LIB)) {
    const code = (await Deno.readTextFile(file)).replace(/\/\*[^]*?\*\/|\/\/.*/g, "");
    const statements = code.matchAll(/^(?!import type)(?:import|export)\b[^;]*?from "([^"]+)"/gm);
    const dynamic = code.matchAll(/await import\("([^"]+)"/g);
    for (const [, name] of [...statements, ...dynamic]) {
      const isKnown = wanted.some((it) => name === it || name!.startsWith(`${it}/`));
      if (!/^(\.|node:)/.test(name!) && !isKnown) wrong.push(`${relative(LIB, file)}: ${name}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("no file of lib has over 250 lines", async () => {
  const long: string[] = [];
  for await (const file of listFiles(LIB)) {
    const lines = (await Deno.readTextFile(file)).trimEnd().split("\n").length;
    if (lines > 250) long.push(`${relative(LIB, file)}: ${lines}`);
  }
  assertEquals(long.sort(), []);
});

Deno.test("tests mirror lib: each room's tests are in the folder of its name", async () => {
  const folders: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(import.meta.dirname!)) {
    if (isDirectory) folders.push(name);
  }
  assertEquals(ROOMS.filter((room) => !folders.includes(room)), []);
});
