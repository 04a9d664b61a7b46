/** `deno task bench <train|predict|load|memory|detect|app|cross-set>`: runs one comparison; each has its own options. */
const USAGE = "Usage: deno task bench <train|predict|load|memory|detect|app|cross-set> [options]";

switch (Deno.args[0]) {
  case "train":
    await import("./train.ts");
    break;
  case "predict":
    await import("./predict.ts");
    break;
  case "load":
    await import("./load.ts");
    break;
  case "detect":
    await import("./detect.ts");
    break;
  case "memory":
    await import("./memory.ts");
    break;
  case "app":
    await import("./app.ts");
    break;
  case "cross-set":
    await import("./cross_set.ts");
    break;
  case "--help":
    console.log(USAGE);
    break;
  default:
    console.error(USAGE);
    Deno.exitCode = 1;
}
