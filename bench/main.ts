/** `deno task bench <train|predict|load>`: one of the comparisons; each takes its own options. */
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
  default:
    console.error("Usage: deno task bench <train|predict|load> [options]");
    Deno.exitCode = 1;
}
