/** Draws docs/predict.png, the README's picture: faces drawn by this project, judged by the shipped model. */
import { Image } from "imagescript";
import { join } from "node:path";
import { drawSampleFace } from "../lib/data/sample_faces/draw.ts";
import { detectMasks, drawMarks, loadClassifier, loadDetector, seededRandom } from "../lib/mod.ts";

const SIDE = 240;
/** One face each: a seed, and whether it wears a mask. Chosen for variety, not by the answers. */
const FACES: [seed: number, masked: boolean][][] = [
  [[3, true], [8, false], [12, true], [21, false]],
  [[5, false], [14, true], [17, false], [26, true]],
];

const sheet = new Image(SIDE * FACES[0]!.length, SIDE * FACES.length);
for (const [row, faces] of FACES.entries()) {
  for (const [column, [seed, masked]] of faces.entries()) {
    const drawing = drawSampleFace(seededRandom(seed), masked);
    const face = await Image.renderSVG(drawing, SIDE, Image.SVG_MODE_HEIGHT);
    sheet.composite(face.resize(SIDE, SIDE), column * SIDE, row * SIDE);
  }
}
const pixels = sheet.bitmap.filter((_, i) => i % 4 < 3);
const photo = { width: sheet.width, height: sheet.height, pixels: Uint8Array.from(pixels) };
const [detector, classifier] = [await loadDetector(), await loadClassifier("models/face-mask")];
const faces = await detectMasks(detector, classifier, photo);
detector.dispose();
const picture = await (await drawMarks(photo, faces)).encode();
await Deno.writeFile(join(import.meta.dirname!, "predict.png"), picture);
console.log(faces.map(({ label, probability }) => `${label} ${probability.toFixed(2)}`).join("\n"));
