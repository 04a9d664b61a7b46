import { assertEquals } from "@std/assert";
import { dirname, join, relative, SEPARATOR } from "@std/path";

const LIB = join(import.meta.dirname!, "../lib");

/** Which modules each module may import at run time, down the walkthrough. README's map says the same. */
const HOUSE: Record<string, string[]> = {
  types: [],
  random: [],
  engine: [],
  work_folder: [],
  archive: ["work_folder"],
  download: ["archive", "work_folder"],
  sample_faces: ["random", "types", "work_folder"],
  get_data: ["archive", "download", "sample_faces"],
  dataset: ["types"],
  duplicates: [],
  split: ["random"],
  native_ops: ["engine"],
  kernels: ["engine", "native_ops"],
  image_cache: ["work_folder"],
  image: ["image_cache", "resample", "types"],
  resample: [],
  batches: ["engine", "native_ops", "random", "types"],
  augment: ["engine", "native_ops"],
  labelled_photos: ["dataset", "duplicates", "image", "split", "types"],
  model: ["engine", "native_ops"],
  transfer: ["detect", "engine", "model"],
  recipes: ["model", "transfer"],
  landmarks: ["detect", "engine", "image", "types"],
  affine: [],
  drawn_masks: ["affine", "sample_faces"],
  borrowed_masks: ["affine", "drawn_masks", "engine", "landmarks", "native_ops", "sample_faces"],
  rare_class: [
    "borrowed_masks",
    "drawn_masks",
    "image",
    "landmarks",
    "random",
    "sample_faces",
    "types",
  ],
  metrics: [],
  thresholds: ["metrics"],
  compare: ["metrics"],
  grad_cam: ["batches", "engine", "kernels"],
  slices: ["drawn_masks", "landmarks", "random", "sample_faces", "types"],
  label_errors: ["batches", "engine", "kernels", "random", "transfer"],
  calibration: ["engine", "metrics"],
  charts: ["types"],
  report: ["charts"],
  saved_model: ["engine", "types"],
  predict: ["batches", "engine", "image", "kernels", "types"],
  detection_metrics: ["types"],
  detect: ["detection_metrics", "engine", "image", "native_ops", "predict", "types"],
  train_detector: [
    "detect",
    "detection_metrics",
    "engine",
    "image",
    "random",
    "work_folder",
  ],
  map_ahead: [],
  list_files: [],
  predict_files: ["detect", "image", "map_ahead", "predict"],
  result_lines: [],
  result_file: ["result_lines"],
  annotate: ["charts", "image", "work_folder"],
  judge_photos: ["predict_files"],
  checkpoint: [],
  train: [
    "augment",
    "batches",
    "checkpoint",
    "engine",
    "kernels",
    "metrics",
    "model",
    "predict",
    "random",
  ],
};

/** The module that a file of lib belongs to: a folder is a part of the file that has its name. */
const moduleOf = (file: string) => relative(LIB, file).split(SEPARATOR)[0]!.replace(/\.ts$/, "");

async function* listFiles(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* listFiles(join(folder, name));
    else if (name !== "mod.ts") yield join(folder, name);
  }
}

/** Whether everything between `import` or `export` and `from` is a type. */
function isTypeOnly(clause: string): boolean {
  if (clause.startsWith("type ")) return true;
  const names = /^{(.*)}$/s.exec(clause)?.[1];
  return names !== undefined &&
    names.split(",").every((name) => /^\s*(type .*)?$/.test(name));
}

/** What each module imports at run time. */
async function readImports(): Promise<Record<string, string[]>> {
  const imports: Record<string, Set<string>> = {};
  for await (const file of listFiles(LIB)) {
    const found = imports[moduleOf(file)] ??= new Set();
    const text = await Deno.readTextFile(file);
    for (
      const [, clause, from] of text.matchAll(/^(?:import|export) ([^;]*?) from "(\.[^"]+)";/gm)
    ) {
      const target = moduleOf(join(dirname(file), from!));
      if (target !== moduleOf(file) && !isTypeOnly(clause!)) found.add(target);
    }
  }
  return Object.fromEntries(
    Object.entries(imports).map(([module, found]) => [module, [...found].sort()]),
  );
}

Deno.test("lib's modules import what the house allows, and no more", async () => {
  const expected = Object.fromEntries(
    Object.entries(HOUSE).map(([module, allowed]) => [module, allowed.toSorted()]),
  );
  assertEquals(await readImports(), expected);
});

Deno.test("lib's modules import each other without a cycle", () => {
  const visit = (module: string, path: string[]) => {
    assertEquals(path.includes(module), false, `cycle: ${[...path, module].join(" -> ")}`);
    for (const next of HOUSE[module]!) visit(next, [...path, module]);
  };
  for (const module of Object.keys(HOUSE)) visit(module, []);
});

Deno.test("each module of lib has a test of its own", async () => {
  const tests = (await Array.fromAsync(Deno.readDir(import.meta.dirname!))).map((entry) =>
    entry.name
  );
  const missing = Object.keys(HOUSE).filter((module) =>
    module !== "types" && !tests.includes(`${module}_test.ts`)
  );
  assertEquals(missing, []);
});
