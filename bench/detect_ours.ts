/** This project's process of bench/detect.ts: reads JSON lines on stdin, answers with JSON lines on stdout. */
import { loadDetector } from "../lib/detection/detector.ts";
import { buildCnn } from "../lib/model/cnn.ts";
import { detectFiles } from "../lib/inference/predict_files.ts";
import { PREPROCESSING } from "../lib/model/saved_model.ts";
import { CLASSES } from "../lib/types.ts";
import type { Answer, Request } from "./detect.ts";
import { readLines } from "./peers.ts";

const detector = await loadDetector();
const classifier = {
  model: buildCnn(),
  info: { classes: CLASSES.binary, size: 128, preprocessing: PREPROCESSING, trainedOn: "nothing" },
};

for await (const line of readLines(Deno.stdin.readable)) {
  const { files }: Request = JSON.parse(line);
  const start = performance.now();
  let faces = 0;
  const listed = files.map((file) => ({ file }));
  for await (const result of detectFiles(detector, classifier, listed)) {
    if ("faces" in result) faces += result.faces.length;
  }
  const seconds = (performance.now() - start) / 1000;
  const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(await Deno.readTextFile("/proc/self/status"))!;
  const answer: Answer = { seconds, faces, peakRssMb: Math.round(Number(kilobytes) / 1024) };
  console.log(JSON.stringify(answer));
}
