/** This project's process of bench/memory.ts: reads a JSON line on stdin, answers with one on stdout. */
import { loadImages } from "../lib/images/load_images.ts";
import { buildCnn } from "../lib/model/cnn.ts";
import { seededRandom, shuffle } from "../lib/random.ts";
import { trainModel } from "../lib/training/train_model.ts";
import { CLASSES } from "../lib/types.ts";
import type { Answer, Request } from "./memory.ts";
import { readLines } from "./peers.ts";

for await (const line of readLines(Deno.stdin.readable)) {
  const { samples, steps, batchSize }: Request = JSON.parse(line);
  const images = await loadImages(samples);
  const loadedRssMb = peakRssMb();
  // The parts have the same sizes as in the Python process.
  const order = shuffle([...images.samples.keys()], seededRandom(1));
  const rest = order.slice(Math.ceil(0.2 * order.length));
  const validation = rest.slice(Math.floor(0.9 * rest.length));
  const train = rest.slice(0, Math.min(rest.length - validation.length, steps * batchSize));
  const classes = CLASSES.binary;
  await trainModel(buildCnn(), images, { classes, train, validation, batchSize, epochs: 1 });
  const photos = images.samples.length;
  const answer: Answer = { peakRssMb: peakRssMb(), loadedRssMb, photos };
  console.log(JSON.stringify(answer));
}

function peakRssMb(): number {
  const status = Deno.readTextFileSync("/proc/self/status");
  return Math.round(Number(/VmHWM:\s*(\d+)/.exec(status)?.[1]) / 1024);
}
