/**
 * `deno task bench train`: measures images per second while training the walkthrough's CNN, beside stock
 * tfjs-node and Keras on the same libtensorflow. A round runs an epoch over photos in memory in each of the
 * three processes in turn, so that other load on the machine affects all three. Keras trains with its
 * defaults, compiled; its time excludes the work of `fit` before the first batch and after the last. Prints
 * JSON.
 */
import { join } from "node:path";
import { Command } from "commander";
import { setUpEngine } from "../scripts/setup.ts";
import { parseWholeNumber, progressLine, runCommand } from "../scripts/terminal.ts";
import { Peer, round, setUpPython, type Spread, spread } from "./peers.ts";
import type { Answer, Request } from "./train_tfjs.ts";

const HERE = import.meta.dirname!;
const VARIANTS = ["ours", "stock", "keras"] as const;
type Variant = typeof VARIANTS[number];
type TrainPeer = Peer<Request, Answer>;
/** Warm-up epochs: JavaScript's compiler needs some hundred steps, Keras one. */
const WARM_UPS = 3;

/** The first case is the main one. */
const CASES = {
  batch32: { batchSize: 32, classes: 2 },
  batch8: { batchSize: 8, classes: 2 },
  batch128: { batchSize: 128, classes: 2 },
  threeClasses: { batchSize: 32, classes: 3 },
};

const onProgress = progressLine();
const { rounds, only, quick } = new Command("deno task bench train")
  .description("Trains the walkthrough's CNN beside stock tfjs-node and Keras; prints JSON.")
  .option("--rounds <n>", "number of rounds", parseWholeNumber(1), 5)
  .option("--only <cases...>", `some of ${Object.keys(CASES).join(", ")}`, Object.keys(CASES))
  .option("--quick", "use few photos: a test that it runs, not a measurement")
  .showHelpAfterError()
  .parse(Deno.args.slice(1), { from: "user" }).opts<
  { rounds: number; only: string[]; quick?: boolean }
>();

async function measure(peers: Record<Variant, TrainPeer>) {
  const cases: Record<string, CaseResult> = {};
  const images = quick ? 128 : 512;
  for (const [name, { batchSize, classes }] of Object.entries(CASES)) {
    if (!only.includes(name)) continue;
    const request: Request = { task: "train", images, batchSize, classes };
    cases[name] = await measureCase(peers, name, request);
  }
  const main: Request = { task: "train", images, ...CASES.batch32 };
  const { flops: peak = NaN } = await peers.ours.ask({ ...main, task: "peak" });
  const { costs = {}, libtensorflow } = await peers.ours.ask({ ...main, task: "profile" });
  const { batch32 } = cases;
  const flopsPerImage = trainingFlops();
  return {
    ratioOverKeras: batch32?.ratioOverKeras.median,
    ratioOverStock: batch32?.ratioOverStock.median,
    peakRssMb: batch32?.peakRssMb,
    cases,
    roofline: {
      gigaflopsPerStep: round(flopsPerImage * main.batchSize / 1e9),
      peakGigaflopsPerSecond: round(peak / 1e9),
      share: batch32 && round(flopsPerImage * batch32.imagesPerSecond.ours.median / peak),
    },
    largestCostsMsPerStep: Object.fromEntries(
      Object.entries(costs).toSorted(([, a], [, b]) => b - a).slice(0, 5)
        .map(([op, milliseconds]) => [op, round(milliseconds)]),
    ),
    machine: {
      libtensorflow,
      cores: navigator.hardwareConcurrency,
      platform: `${Deno.build.os}-${Deno.build.arch}`,
    },
    images,
    rounds,
  };
}

interface CaseResult {
  /** The median of the rounds' ratios, not the ratio of medians. */
  ratioOverKeras: Spread;
  ratioOverStock: Spread;
  imagesPerSecond: Record<Variant, Spread>;
  /** The peak so far, which includes earlier cases. */
  peakRssMb: Record<Variant, number>;
}

async function measureCase(
  peers: Record<Variant, TrainPeer>,
  name: string,
  request: Request,
): Promise<CaseResult> {
  const speeds: Record<Variant, number[]> = { ours: [], stock: [], keras: [] };
  const peakRssMb = {} as Record<Variant, number>;
  for (const variant of VARIANTS) {
    onProgress({ stage: `Warming up ${variant} of ${name}`, done: 0 });
    for (let epoch = 0; epoch < WARM_UPS; epoch++) await peers[variant].ask(request);
  }
  for (let round = 0; round < rounds; round++) {
    onProgress({ stage: `Measuring rounds of ${name}`, done: round, total: rounds });
    for (const variant of VARIANTS) {
      const answer = await peers[variant].ask(request);
      speeds[variant].push(request.images / answer.seconds);
      peakRssMb[variant] = answer.peakRssMb;
    }
  }
  const ratios = (peer: Variant) => spread(speeds.ours.map((speed, i) => speed / speeds[peer][i]!));
  return {
    ratioOverKeras: ratios("keras"),
    ratioOverStock: ratios("stock"),
    imagesPerSecond: {
      ours: spread(speeds.ours),
      stock: spread(speeds.stock),
      keras: spread(speeds.keras),
    },
    peakRssMb,
  };
}

/** Counts multiplications and additions of an image's forward and backward pass, in convolutions and products. */
function trainingFlops(): number {
  // Output side, inputs to each output, filters; a dense layer is a convolution with one output position.
  const layers = [
    [126, 9 * 3, 32],
    [61, 9 * 32, 64],
    [28, 9 * 64, 128],
    [1, 14 * 14 * 128, 128],
    [1, 128, 64],
    [1, 64, 1],
  ] as const;
  const forward = layers.map(([side, inputs, filters]) => 2 * side ** 2 * inputs * filters);
  // The backward pass costs the same again for the weights and for the input; the first layer needs no input gradient.
  return forward.reduce((sum, flops, i) => sum + (i === 0 ? 2 : 3) * flops, 0);
}

await runCommand(async () => {
  await setUpEngine();
  const python = await setUpPython(onProgress);
  const tfjs = (variant: Variant, env?: Record<string, string>) =>
    new Peer<Request, Answer>(
      Deno.execPath(),
      ["run", "-A", join(HERE, "train_tfjs.ts"), variant],
      env,
    );
  const peers: Record<Variant, TrainPeer> = {
    ours: tfjs("ours"),
    stock: tfjs("stock"),
    keras: new Peer<Request, Answer>(python, [join(HERE, "train_keras.py")]),
  };
  try {
    console.log(JSON.stringify(await measure(peers), null, 2));
  } finally {
    for (const peer of Object.values(peers)) await peer.close();
  }
});
