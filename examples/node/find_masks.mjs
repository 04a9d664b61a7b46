import { loadMaskFinder } from "@face-mask/detector/browser";
import sharp from "sharp";

const finder = await loadMaskFinder();

for (const file of process.argv.slice(2)) {
  const { data, info } = await sharp(file).autoOrient().flatten({ background: "white" })
    .toColourspace("srgb").raw().toBuffer({ resolveWithObject: true });
  const faces = await finder.findMasks({ ...info, pixels: data });
  console.log(JSON.stringify({ file, faces }));
}
