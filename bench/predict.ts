/**
 * `deno task bench predict`: measures predictions of the walkthrough's CNN on photos in memory, beside Keras on
 * the same libtensorflow. Also measures a single face, beside the bare native ops. A round runs the processes
 * in turn. Prints JSON.
 */
import { join } from "node:path";
import { Command } from "commander";
import { setUpEngine } from "../scripts/setup.ts";
import { parseWholeNumber, progressLine, runCommand } from "../scripts/terminal.ts";
import { Peer, round, setUpPython, spread } from "./peers.ts";

export interface Request {
  /** All photos in batches, or one photo repeatedly, by the model or by bare ops. */
  task: "batches" | "face" | "bareOps";
  images: number;
  batchSize: number;
}

export interface Answer {
  /** The time for all photos; for "face" and "bareOps", the median time of one photo. */
  seconds: number;
  /** Peak resident memory of the process so far. */
  peakRssMb: number;
}

const HERE = import.meta.dirname!;
const WARM_UPS = 2;
const onProgress = progressLine();
const { rounds, quick } = new Command("deno task bench predict")
  .description("Classifies photos beside Keras, and one face beside the bare ops; prints JSON.")
  .option("--rounds <n>", "number of rounds", parseWholeNumber(1), 7)
  .option("--quick", "use few photos: a test that it runs, not a measurement")
  .showHelpAfterError()
  .parse(Deno.args.slice(1), { from: "user" }).opts<{ rounds: number; quick?: boolean }>();

await runCommand(async () => {
  await setUpEngine();
  const python = await setUpPython(onProgress);
  const ours = new Peer<Request, Answer>(Deno.execPath(), [
    "run",
    "-A",
    join(HERE, "predict_ours.ts"),
  ]);
  const keras = new Peer<Request, Answer>(python, [join(HERE, "predict_keras.py")]);
  const measured = {
    ours: { peer: ours, task: "batches" },
    keras: { peer: keras, task: "batches" },
    face: { peer: ours, task: "face" },
    bareOps: { peer: ours, task: "bareOps" },
    kerasFace: { peer: keras, task: "face" },
  } as const;
  type Name = keyof typeof measured;
  const names = Object.keys(measured) as Name[];
  const seconds = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
    Name,
    number[]
  >;
  const peakRssMb: Record<string, number> = {};
  const images = quick ? 128 : 1024;
  try {
    for (let number = -WARM_UPS; number < rounds; number++) {
      onProgress({ stage: "Measuring rounds", done: Math.max(number, 0), total: rounds });
      for (const name of names) {
        const { peer, task } = measured[name];
        const answer = await peer.ask({ task, images, batchSize: 32 });
        if (task === "batches") peakRssMb[name] = answer.peakRssMb;
        if (number >= 0) seconds[name].push(answer.seconds);
      }
    }
  } finally {
    await ours.close();
    await keras.close();
  }
  /** The median of the rounds' ratios, not the ratio of medians. */
  const ratios = (above: Name, below: Name) =>
    spread(seconds[above].map((time, i) => time / seconds[below][i]!));
  const speed = (name: Name) => spread(seconds[name].map((time) => images / time));
  const latency = (name: Name) => spread(seconds[name].map((time) => 1000 * time));
  const result = {
    ratioOverKeras: ratios("keras", "ours").median,
    faceOverBareOps: ratios("face", "bareOps").median,
    ratios: { overKeras: ratios("keras", "ours"), faceOverBareOps: ratios("face", "bareOps") },
    imagesPerSecond: { ours: speed("ours"), keras: speed("keras") },
    faceMs: {
      ours: latency("face"),
      bareOps: latency("bareOps"),
      keras: latency("kerasFace"),
    },
    peakRssMb,
    loadAverage: Deno.loadavg().map(round),
    images,
    rounds,
  };
  console.log(JSON.stringify(result, null, 2));
});
