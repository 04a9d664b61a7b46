/** A small set in the layout of PASCAL VOC: drawn scenes with boxes, none of which holds a face. */
import { join } from "@std/path";
import sharp from "sharp";
import { CLASSES } from "../lib/types.ts";
import { makeScene, renderScene } from "./scenes.ts";

/** Photos of three drawn faces, one of each class, and the first photo's small fourth, as PASCAL VOC. */
export async function writeVoc(folder: string, count: number) {
  for (const name of ["images", "annotations"]) await Deno.mkdir(join(folder, name));
  const face = (name: string, left: number, top: number, side: number) =>
    `<object><name>${name}</name><bndbox><xmin>${left}</xmin><ymin>${top}</ymin>` +
    `<xmax>${left + side - 1}</xmax><ymax>${top + side - 1}</ymax></bndbox></object>`;
  for (let photo = 0; photo < count; photo++) {
    const scene = renderScene(makeScene(photo), 120);
    await sharp(scene, { raw: { width: 120, height: 120, channels: 3 } })
      .jpeg().toFile(join(folder, `images/${photo}.jpg`));
    const faces = CLASSES["three-class"].map((name, i) => face(name, 1 + 40 * i, 1, 40));
    if (photo === 0) faces.push(face("with_mask", 50, 50, 9));
    await Deno.writeTextFile(
      join(folder, `annotations/${photo}.xml`),
      `<annotation><filename>${photo}.jpg</filename>` +
        `<size><width>120</width><height>120</height></size>${faces.join("")}</annotation>`,
    );
  }
}
