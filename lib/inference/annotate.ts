/** Draws the results on photos, for people. */
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { Image } from "npm:imagescript@1.3.1";
import { CLASS_STYLES, parseColour } from "../class_style.ts";
import { clipBox, type Size } from "../boxes.ts";
import { drawLabels, type Label, measureLabel } from "./draw_labels.ts";
import { placeLabels } from "./place_labels.ts";
import { decodePhoto } from "../images/decode_image.ts";
import type { Photo } from "../photo.ts";
import type { Box, ClassName } from "../types.ts";
import { writeWhole } from "../files.ts";

/** A result to draw; without a box it applies to the whole photo. */
export interface Mark {
  box?: Box;
  label: ClassName;
  /** The probability of the label, in 0..1. */
  probability: number;
  /** Adds a question mark. */
  unsure?: boolean;
}

const WHITE: Colour = [255, 255, 255], BLACK: Colour = [0, 0, 0];
const JPEG_QUALITY = 90;
/** Extensions of pictures that need not change, and extensions of photos. */
const JPEG = /\.jpe?g$/i, PHOTO = /\.(jpe?g|jfif|png|webp|gif|tiff?|avif)$/i;
/** The smallest legible font size, in pixels. */
const LEAST_FONT = 10;

type Colour = readonly [red: number, green: number, blue: number];

/**
 * Draws boxes and labels on a photo. Classes differ in colour, line and words. Lines are drawn around the
 * boxes, on white between black edges, so that they are visible on any background. Each label is placed where
 * it hides the least of other labels and faces.
 *
 * @returns a picture of the photo's size; the photo is left unchanged
 * @example
 * ```ts
 * import { drawMarks } from "./annotate.ts";
 *
 * const photo = { width: 200, height: 100, pixels: new Uint8Array(200 * 100 * 3) };
 * const box = { left: 20, top: 30, width: 40, height: 50 };
 * const picture = await drawMarks(photo, [{ box, label: "with_mask", probability: 0.97 }]);
 * console.log(picture.width, picture.height); // 200 100
 * ```
 */
export async function drawMarks(photo: Photo, marks: readonly Mark[]): Promise<Image> {
  const picture = toPicture(photo);
  const { width, height } = photo;
  const line = Math.max(2, Math.round(Math.max(width, height) / 400));
  const edge = Math.max(1, Math.round(line / 3));
  const whole = { left: 0, top: 0, width, height };
  const boxes = marks.map(({ box = whole }) => clipBox(growBox(box, line + 2 * edge), photo));
  for (const [i, { label }] of marks.entries()) drawFrame(picture, boxes[i]!, label, line, edge);
  // Labels come last, so that no frame hides one.
  const wordings = marks.map((mark, i) => wordLabels(mark, boxes[i]!, photo));
  const sizes = wordings.map((labels) =>
    labels.map(({ text, fontSize }) => measureLabel(text, fontSize))
  );
  const positions = placeLabels(boxes, sizes, photo);
  const labels = await drawLabels(positions.map(({ wording }, i) => wordings[i]![wording]!));
  for (const [i, label] of labels.entries()) putLabel(picture, label, positions[i]!);
  return picture;
}

/**
 * Reads a photo, draws on it and writes it as a JPEG, atomically.
 *
 * Its path in `folder` is the photo's path relative to the current folder, with `__` for `..`, so that paths
 * are unique. If the name is not a JPEG's, `.jpg` is appended.
 *
 * @returns the path of the picture
 * @throws {Deno.errors.InvalidData} if the file is not a readable photo
 * @throws {Deno.errors.AlreadyExists} if a link makes the picture replace the photo, or leave `folder`
 * @example
 * ```ts
 * import { annotateFile } from "./annotate.ts";
 * import sharp from "sharp";
 *
 * const folder = await Deno.makeTempDir();
 * const grey = { width: 100, height: 80, channels: 3, background: "grey" } as const;
 * await sharp({ create: grey }).png().toFile(`${folder}/photo.png`);
 * const marks = [{ label: "with_mask", probability: 0.97 }] as const;
 * console.log(await annotateFile(`${folder}/photo.png`, marks, `${folder}/marked`));
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function annotateFile(
  file: string,
  marks: readonly Mark[],
  folder: string,
): Promise<string> {
  const picture = await drawMarks(await decodePhoto(file), marks);
  const target = join(folder, nameInFolder(file));
  await Deno.mkdir(dirname(target), { recursive: true });
  const path = await resolveLinks(target);
  const isPhoto = path === await Deno.realPath(file);
  if (isPhoto || !path.startsWith(join(await Deno.realPath(folder), sep))) {
    throw new Deno.errors.AlreadyExists(
      `${target} ${isPhoto ? "is the photo itself" : `leads to ${path}`}: ` +
        "choose another folder for the pictures",
    );
  }
  await writeWhole(target, await picture.encodeJPEG(JPEG_QUALITY));
  return target;
}

/** Converts the photo's path, relative to the current folder, to a unique path without `..`. */
function nameInFolder(file: string): string {
  const parts = relative(Deno.cwd(), resolve(file)).split(sep);
  const path = parts.map((part) =>
    part === ".." ? "__" : part.replace(/^__+$/, "$&_").replace(/:$/, "_") // a drive of Windows
  ).join(sep);
  if (!PHOTO.test(path)) return `${path}~.jpg`;
  const stem = path.replace(JPEG, "");
  return stem === path || PHOTO.test(stem) || stem.endsWith("~") ? `${path}.jpg` : path;
}

/** Resolves the links of a path; the file need not exist. */
async function resolveLinks(file: string): Promise<string> {
  return await Deno.realPath(file).catch(async () =>
    join(await Deno.realPath(dirname(file)), basename(file))
  );
}

function toPicture({ width, height, pixels }: Photo): Image {
  const picture = new Image(width, height);
  const { bitmap } = picture;
  for (let from = 0, to = 0; to < bitmap.length; from += 3, to += 4) {
    bitmap[to] = pixels[from]!;
    bitmap[to + 1] = pixels[from + 1]!;
    bitmap[to + 2] = pixels[from + 2]!;
    bitmap[to + 3] = 255;
  }
  return picture;
}

/** Rounds a box to whole pixels and adds `by` pixels on each side. */
function growBox({ left, top, width, height }: Box, by: number): Box {
  const [x, y] = [Math.round(left) - by, Math.round(top) - by];
  return {
    left: x,
    top: y,
    width: Math.round(left + width) + by - x,
    height: Math.round(top + height) + by - y,
  };
}

/** Draws a line inside the box's edge, between two black lines. */
function drawFrame(picture: Image, box: Box, label: ClassName, line: number, edge: number): void {
  const { colour, dashes } = CLASS_STYLES[label];
  drawRing(picture, box, 0, edge, BLACK);
  drawRing(picture, box, edge, line, WHITE);
  drawRing(picture, box, edge, line, parseColour(colour), dashes);
  drawRing(picture, box, edge + line, edge, BLACK);
}

/** Draws a ring at a distance inside the box's edge, solid or dashed. */
function drawRing(
  picture: Image,
  { left, top, width, height }: Box,
  inset: number,
  thickness: number,
  colour: Colour,
  [dash = 1, gap = 0]: readonly number[] = [],
): void {
  const [x, y] = [left + inset, top + inset];
  const [across, down] = [width - 2 * inset, height - 2 * inset];
  const step = Math.round((dash + gap) * thickness);
  for (let at = 0; at < Math.max(across, down); at += step) {
    const long = gap === 0 ? step : dash * thickness;
    const right = Math.min(long, across - at), below = Math.min(long, down - at);
    fill(picture, { left: x + at, top: y, width: right, height: thickness }, colour);
    fill(
      picture,
      { left: x + at, top: y + down - thickness, width: right, height: thickness },
      colour,
    );
    fill(picture, { left: x, top: y + at, width: thickness, height: below }, colour);
    fill(
      picture,
      { left: x + across - thickness, top: y + at, width: thickness, height: below },
      colour,
    );
  }
}

/**
 * Lists the texts of a label: with its probability, and without for narrow spaces. The font size suits the
 * box, and is legible when the picture fills a screen.
 */
function wordLabels({ label, probability, unsure }: Mark, box: Box, picture: Size): Label[] {
  const { short, colour, ink } = CLASS_STYLES[label];
  const words = `${short}${unsure ? "?" : ""}`;
  const full = `${words} ${Math.round(100 * probability)}%`;
  const longest = Math.max(picture.width, picture.height);
  const [least, most] = [Math.max(LEAST_FONT, longest / 90), Math.max(LEAST_FONT, longest / 45)];
  const width = measureLabel(full, 100).width / 100; // at a font size of one pixel
  const wanted = Math.min(most, Math.max(least, 1.4 * box.width / width));
  const fontSize = Math.max(1, Math.floor(Math.min(wanted, picture.width / width)));
  return [full, words].map((text) => ({ text, fontSize, colour, ink }));
}

/** Copies a label to the picture, clipped to it. */
function putLabel(picture: Image, label: Image, { left, top }: Box): void {
  const [x, y] = [Math.round(left), Math.round(top)];
  const width = Math.min(label.width, picture.width - x);
  for (let row = 0; row < Math.min(label.height, picture.height - y); row++) {
    const from = 4 * row * label.width;
    const pixels = label.bitmap.subarray(from, from + 4 * width);
    picture.bitmap.set(pixels, 4 * ((y + row) * picture.width + x));
  }
}

/** Fills the box, clipped to the picture. */
function fill(picture: Image, { left, top, width, height }: Box, colour: Colour): void {
  const right = Math.min(picture.width, left + width);
  const bottom = Math.min(picture.height, top + height);
  for (let y = Math.max(0, top); y < bottom; y++) {
    for (let x = Math.max(0, left); x < right; x++) {
      picture.bitmap.set(colour, 4 * (y * picture.width + x));
    }
  }
}
