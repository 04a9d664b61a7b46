import { assertEquals } from "@std/assert";
import { join } from "@std/path";

Deno.test("progressLine() writes to a log when a stage begins and ends, not at every step", async () => {
  const code = `
    import { progressLine } from "./scripts/terminal.ts";
    const onProgress = progressLine();
    for (const stage of ["epoch 1", "epoch 2"]) {
      for (let done = 1; done <= 200; done++) onProgress({ stage, detail: "loss " + done, done, total: 200 });
    }
  `;
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", code],
    cwd: join(import.meta.dirname!, "../.."),
  }).output();
  assertEquals(new TextDecoder().decode(stderr).trim().split("\n"), [
    "epoch 1: 1 of 200 (1%), loss 1",
    "epoch 1: 200 of 200 (100%), loss 200",
    "epoch 2: 1 of 200 (1%), loss 1",
    "epoch 2: 200 of 200 (100%), loss 200",
  ]);
});
