/** `deno task bench <train|load|detect|app>`: one of the comparisons; each takes its own options. */
switch (Deno.args[0]) {
  case "train":
    await import("./train.ts");
    break;
  case "load":
    await import("./load.ts");
    break;
  case "detect":
    await import("./detect.ts");
    break;
  case "app":
    await import("./app.ts");
    break;
  default:
    console.error("Usage: deno task bench <train|load|detect|app> [options]");
    Deno.exitCode = 1;
}
