/**
 * `deno task bench load`: measures photos per second from files to 128 x 128 RGB in memory, beside Pillow and
 * OpenCV as the walkthrough calls them. Each has its own process. A round reads all photos with each in turn,
 * so that other load on the machine affects all of them. Prints JSON.
 */
import { join } from "node:path";
import { Command } from "commander";
import { getData, openData } from "../lib/data/get_data.ts";
import { scanDataset } from "../lib/data/scan_dataset.ts";
import { parseWholeNumber, progressLine, runCommand } from "../scripts/terminal.ts";
import { Peer, round, setUpPython, spread } from "./peers.ts";

/** `first` decodes the files; `cache` reads decoded photos. */
const WAYS = ["first", "cache", "pillow", "opencv"] as const;
type Way = typeof WAYS[number];

/** One load of all files. */
export interface Request {
  way: Way;
  files: string[];
}

export interface Answer {
  seconds: number;
  /** The number of photos that could be read. */
  images: number;
}

const HERE = import.meta.dirname!;
const { data: path, rounds, quick } = new Command("deno task bench load")
  .description("Loads photos beside Pillow and OpenCV; prints JSON.")
  .option("--data <path>", "folder or zip of labelled photos (default: the notebook's photos)")
  .option("--rounds <n>", "number of rounds", parseWholeNumber(1), 5)
  .option("--quick", "use few photos: a test that it runs, not a measurement")
  .showHelpAfterError()
  .parse(Deno.args.slice(1), { from: "user" })
  .opts<{ data?: string; rounds: number; quick?: boolean }>();

await runCommand(async () => {
  const onProgress = progressLine();
  const python = await setUpPython(onProgress);
  const data = path ? await openData(path, { onProgress }) : await getData({ onProgress });
  const { samples } = await scanDataset(data.folder);
  const files = [...new Set(samples.map(({ file }) => file))].slice(0, quick ? 100 : undefined);
  const ours = new Peer<Request, Answer>(Deno.execPath(), [
    "run",
    "-A",
    join(HERE, "load_ours.ts"),
  ]);
  const peers = new Peer<Request, Answer>(python, [join(HERE, "load_python.py")]);
  const seconds: Record<Way, number[]> = { first: [], cache: [], pillow: [], opencv: [] };
  try {
    // Round 0 warms up: it fills the system's file cache, and this project's cache.
    for (let number = 0; number <= rounds; number++) {
      onProgress({ stage: "Measuring rounds", done: number, total: rounds });
      for (const way of WAYS) {
        const peer = way === "first" || way === "cache" ? ours : peers;
        const answer = await peer.ask({ way, files });
        if (answer.images !== files.length) {
          throw new Error(
            `${way} read ${answer.images} of ${files.length} photos: nothing to compare`,
          );
        }
        if (number > 0) seconds[way].push(answer.seconds);
      }
    }
  } finally {
    await ours.close();
    await peers.close();
  }
  /** The median of the rounds' ratios, not the ratio of medians. */
  const ratio = (quick: Way, slow: Way) =>
    spread(seconds[slow].map((time, i) => time / seconds[quick][i]!));
  const result = {
    ratioOverPillow: ratio("first", "pillow").median,
    ratioOverOpenCv: ratio("first", "opencv").median,
    ratioCacheOverFirst: ratio("cache", "first").median,
    ratios: {
      overPillow: ratio("first", "pillow"),
      overOpenCv: ratio("first", "opencv"),
      cacheOverFirst: ratio("cache", "first"),
    },
    imagesPerSecond: Object.fromEntries(
      WAYS.map((way) => [way, spread(seconds[way].map((time) => files.length / time))]),
    ),
    loadAverage: Deno.loadavg().map(round),
    cores: navigator.hardwareConcurrency,
    images: files.length,
    data: data.name,
    rounds,
  };
  console.log(JSON.stringify(result, null, 2));
});
