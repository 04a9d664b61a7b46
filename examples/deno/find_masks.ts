import { classifyFile, loadClassifier } from "@face-mask/detector";

const classifier = await loadClassifier();

for (const file of Deno.args) {
  const faces = await classifyFile(classifier, file);
  console.log(JSON.stringify({ file, faces }));
}
