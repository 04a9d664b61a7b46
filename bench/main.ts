/** `deno task bench <train|load|memory>`: one of the comparisons; each takes its own options. */
switch (Deno.args[0]) {
  case "train":
    await import("./train.ts");
    break;
  case "load":
    await import("./load.ts");
    break;
  case "memory":
    await import("./memory.ts");
    break;
  default:
    console.error("Usage: deno task bench <train|load|memory> [options]");
    Deno.exitCode = 1;
}
