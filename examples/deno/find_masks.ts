import { detectMasks, loadClassifier, loadDetector } from "@face-mask/detector";

const detector = await loadDetector();
const classifier = await loadClassifier();

for (const file of Deno.args) {
  const faces = await detectMasks(detector, classifier, file);
  console.log(JSON.stringify({ file, faces }));
}
