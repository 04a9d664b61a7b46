/**
 * `deno task bench memory`: measures the peak memory of a process that loads photos and trains the
 * walkthrough's CNN, beside the original way in Python. Each round starts both processes again, in turn.
 * Training runs for some steps only, because memory stops growing after the first few. Prints JSON.
 */
import { join } from "node:path";
import { Command } from "commander";
import { getData, openData } from "../lib/data/get_data.ts";
import { scanDataset } from "../lib/data/scan_dataset.ts";
import type { Sample } from "../lib/types.ts";
import { setUpEngine } from "../scripts/setup.ts";
import { parseWholeNumber, progressLine, runCommand } from "../scripts/terminal.ts";
import { Peer, setUpPython, spread } from "./peers.ts";

const WAYS = ["ours", "python"] as const;
type Way = typeof WAYS[number];

/** The work of one process. */
export interface Request {
  samples: Sample[];
  steps: number;
  batchSize: number;
}

export interface Answer {
  /** Peak resident memory of the process (VmHWM). */
  peakRssMb: number;
  /** The same before the training. */
  loadedRssMb: number;
  /** The number of photos in memory. */
  photos: number;
}

const HERE = import.meta.dirname!;
const { data: path, rounds, photos, steps } = new Command("deno task bench memory")
  .description("Loads photos and trains beside OpenCV, NumPy and Keras; prints JSON.")
  .option("--data <path>", "folder or zip of labelled photos (default: the notebook's photos)")
  .option("--rounds <n>", "number of rounds", parseWholeNumber(1), 3)
  .option("--photos <n>", "repeat the photos up to this number", parseWholeNumber(1), 7553)
  .option("--steps <n>", "batches of 32 to train", parseWholeNumber(1), 30)
  .showHelpAfterError()
  .parse(Deno.args.slice(1), { from: "user" })
  .opts<{ data?: string; rounds: number; photos: number; steps: number }>();

await runCommand(async () => {
  if (Deno.build.os !== "linux") throw new Error("The peak is read from /proc, which Linux has.");
  const onProgress = progressLine();
  await setUpEngine();
  const python = await setUpPython(onProgress);
  const data = path ? await openData(path, { onProgress }) : await getData({ onProgress });
  const found = (await scanDataset(data.folder)).samples.filter(({ box }) => !box);
  if (found.length === 0) throw new Error(`${data.name} holds no photos in class folders.`);
  const samples = Array.from({ length: photos }, (_, i) => found[i % found.length]!);
  const request: Request = { samples, steps, batchSize: 32 };
  const start = {
    ours: () =>
      new Peer<Request, Answer>(Deno.execPath(), ["run", "-A", join(HERE, "memory_ours.ts")]),
    python: () => new Peer<Request, Answer>(python, [join(HERE, "memory_python.py")]),
  };
  const answers: Record<Way, Answer[]> = { ours: [], python: [] };
  for (let number = 0; number < rounds; number++) {
    for (const way of WAYS) {
      onProgress({ stage: `Measuring ${way}, round ${number + 1} of ${rounds}`, done: 0 });
      const peer = start[way]();
      try {
        const answer = await peer.ask(request);
        if (answer.photos !== photos) {
          throw new Error(`${way} read ${answer.photos} of ${photos} photos: nothing to compare`);
        }
        answers[way].push(answer);
      } finally {
        await peer.close();
      }
    }
  }
  /** Python's memory divided by this project's: the median of the rounds' ratios. */
  const ratios = spread(
    answers.python.map(({ peakRssMb }, round) => peakRssMb / answers.ours[round]!.peakRssMb),
  );
  const of = (give: (answer: Answer) => number) =>
    Object.fromEntries(WAYS.map((way) => [way, spread(answers[way].map(give))]));
  const result = {
    ratioOverPython: ratios.median,
    ratios: { overPython: ratios },
    peakRssMb: of(({ peakRssMb }) => peakRssMb),
    loadedRssMb: of(({ loadedRssMb }) => loadedRssMb),
    photos,
    distinctPhotos: Math.min(photos, found.length),
    steps,
    batchSize: request.batchSize,
    note: `${steps} steps and a validation, not an epoch: memory is at its peak by then`,
    data: data.name,
    rounds,
  };
  console.log(JSON.stringify(result, null, 2));
});
