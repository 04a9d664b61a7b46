import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { printable, progressLine, type ProgressOutput } from "../../scripts/terminal.ts";

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

/** What progress writes when its clock goes on by so many seconds before each call. */
function show(
  steps: [seconds: number, ...Parameters<ReturnType<typeof progressLine>>][],
  options: Partial<ProgressOutput> = {},
): string[] {
  const written: string[] = [];
  let now = 0;
  const write = (text: string) => void written.push(text);
  const onProgress = progressLine({
    isTerminal: false,
    columns: () => 80,
    write,
    now: () => now,
    ...options,
  });
  for (const [seconds, progress] of steps) {
    now += 1000 * seconds;
    onProgress(progress);
  }
  return written;
}

Deno.test("progressLine() tells the time left of stages that take long, and of no others", () => {
  const stage = "Reading photos";
  assertEquals(
    show([
      [0, { stage, done: 0, total: 1000 }],
      [6, { stage, done: 10, total: 1000 }],
      [6, { stage, done: 100, total: 1000 }],
      [60, { stage, done: 900, total: 1000, detail: "loss 0.1" }],
      [5, { stage, done: 999, total: 1000, detail: "1.5 MB/s, 3 s left" }],
      [1, { stage, done: 1000, total: 1000 }],
      // Another stage has a clock of its own, and what it finds done costs no time.
      [100, { stage: "Training", done: 50, total: 100 }],
      [10, { stage: "Training", done: 51, total: 100 }],
      [10, { stage: "Counting", done: 5 }],
      [10, { stage: "Counting", done: 6 }],
    ]),
    [
      "Reading photos: 0 of 1000 (0%)\n",
      "Reading photos: 10 of 1000 (1%), 10 min left\n",
      "Reading photos: 100 of 1000 (10%), 2 min left\n",
      "Reading photos: 900 of 1000 (90%), loss 0.1, 8 s left\n",
      "Reading photos: 999 of 1000 (99%), 1.5 MB/s, 3 s left\n",
      "Reading photos: 1000 of 1000 (100%)\n",
      "Training: 50 of 100 (50%)\n",
      "Training: 51 of 100 (51%), 9 min left\n",
      "Counting: 5\n",
      "Counting: 6\n",
    ],
  );
  const [, slow] = show([
    [0, { stage, done: 0, total: 100 }],
    [100, { stage, done: 1, total: 100 }],
  ]);
  assertEquals(slow, "Reading photos: 1 of 100 (1%), 2 h 45 min left\n");
});

Deno.test("progressLine() rewrites one line of a terminal, no longer than it is wide", () => {
  const stage = "Reading \x1b[31mlong\nname";
  const written = show([
    [0, { stage, done: 0, total: 2 }],
    [0.05, { stage, done: 1, total: 2 }], // too soon to be seen
    [0.05, { stage, done: 2, total: 2 }],
  ], { isTerminal: true, columns: () => 40 });
  assertEquals(written, [
    "\r\x1b[2KReading \\x1b[31mlong name: 0 of 2 (0%)",
    "\r\x1b[2KReading \\x1b[31mlong name: 2 of 2 (100%\n",
  ]);
});

Deno.test("printable() keeps lines, and escapes what a terminal would obey or that turns the writing", () => {
  assertEquals(printable("a\x1b[2J\r\n\tb\u202egpj\x9b"), "a\\x1b[2J\\x0d\n\\x09b\\u202egpj\\x9b");
  assertEquals(printable("é 😀 ✓"), "é 😀 ✓");
});

Deno.test("progressLine() writes each line once, however often it is told the same", () => {
  const stage = "downloading (MB)";
  const steps: Parameters<typeof show>[0] = [
    [0, { stage, done: 0, total: 274 }],
    [6, { stage, done: 0, total: 274 }],
    [6, { stage, done: 274, total: 274 }],
    [1, { stage, done: 274, total: 274 }],
    [9, { stage, done: 274, total: 274 }],
    [9, { stage: "unpacking", done: 0, total: 2 }],
    [0, { stage, done: 274, total: 274 }],
  ];
  const lines = [
    "downloading (MB): 0 of 274 (0%)\n",
    "downloading (MB): 274 of 274 (100%)\n",
    "unpacking: 0 of 2 (0%)\n",
    "downloading (MB): 274 of 274 (100%)\n",
  ];
  assertEquals(show(steps), lines);
  const ends = show(steps, { isTerminal: true }).filter((text) => text.endsWith("\n"));
  assertEquals(ends.length, 2);
});
