/** Photos with what was found drawn on them, for people to look at. */
import { basename, dirname, join, relative, resolve, SEPARATOR } from "@std/path";
import { Image } from "imagescript";
import { CLASS_STYLES, parseColour } from "../class_style.ts";
import type { Size } from "../boxes.ts";
import { LETTER_HEIGHT, LETTER_WIDTH, textDots } from "./letters.ts";
import { placeLabels } from "./place_labels.ts";
import { decodePhoto } from "../images/decode_image.ts";
import type { Photo } from "../photo.ts";
import type { Box, ClassName } from "../types.ts";
import { removeIfThere } from "../files.ts";

/** Something to draw: without a box it is about the whole photo. */
export interface Mark {
  box?: Box;
  label: ClassName;
  /** Of the label, in 0..1. */
  probability: number;
  /** Puts a question mark to it. */
  unsure?: boolean;
}

const WHITE: Colour = [255, 255, 255], BLACK: Colour = [0, 0, 0];
const JPEG_QUALITY = 90;

type Colour = readonly [red: number, green: number, blue: number];

/**
 * Draws boxes and labels on a photo. Classes differ in their colour (Okabe and Ito's, which the
 * colour-blind can tell apart), in their line (whole, dashed, dotted) and in words on a plate. Lines have
 * a white and a black edge, so that they show on any ground.
 *
 * @returns a picture as large as the photo; the photo is left as it is
 * @example
 * ```ts
 * import { drawMarks } from "./annotate.ts";
 *
 * const photo = { width: 200, height: 100, pixels: new Uint8Array(200 * 100 * 3) };
 * const box = { left: 20, top: 30, width: 40, height: 50 };
 * const picture = drawMarks(photo, [{ box, label: "with_mask", probability: 0.97 }]);
 * console.log(picture.width, picture.height); // 200 100
 * ```
 */
export function drawMarks(photo: Photo, marks: readonly Mark[]): Image {
  const picture = toPicture(photo);
  const { width, height } = photo;
  const line = Math.max(2, Math.round(Math.max(width, height) / 400));
  const whole = { left: 0, top: 0, width, height };
  const boxes = marks.map(({ box = whole }) => roundBox(box));
  for (const [i, { label }] of marks.entries()) drawFrame(picture, boxes[i]!, label, line);
  // Plates come last, so that no frame hides one.
  const plates = marks.map((mark, i) => layOutPlate(picture, boxes[i]!, mark, line));
  const placed = placeLabels(boxes, plates.map((plate) => [plate]), photo);
  for (const [i, plate] of plates.entries()) {
    drawPlate(picture, roundBox(placed[i]!), plate, marks[i]!.label);
  }
  return picture;
}

/**
 * Reads a photo, draws on it and writes it as a JPEG, which appears whole or not at all. Its name
 * in `folder` is the photo's path from the current folder, so that photos of one name in several folders do
 * not meet.
 *
 * @returns the path of the picture
 * @throws {Deno.errors.InvalidData} if the file is no readable photo
 * @throws {Deno.errors.AlreadyExists} if the picture would take the photo's own place
 */
export async function annotateFile(
  file: string,
  marks: readonly Mark[],
  folder: string,
): Promise<string> {
  const picture = drawMarks(await decodePhoto(file), marks);
  const path = relative(Deno.cwd(), resolve(file)).split(SEPARATOR)
    .map((part) => part === ".." ? "__" : part.replaceAll(":", "_")).join(SEPARATOR);
  const target = join(folder, path.toLowerCase().endsWith(".jpg") ? path : `${path}.jpg`);
  await Deno.mkdir(dirname(target), { recursive: true });
  if (await locate(target) === await locate(file)) {
    throw new Deno.errors.AlreadyExists(
      `${target} is the photo itself: choose another folder for the pictures`,
    );
  }
  const part = await Deno.makeTempFile({ dir: dirname(target), prefix: ".", suffix: ".part" });
  try {
    await Deno.writeFile(part, await picture.encodeJPEG(JPEG_QUALITY));
    await Deno.chmod(part, 0o644);
    await Deno.rename(part, target);
  } catch (error) {
    await removeIfThere(part);
    throw error;
  }
  return target;
}

/** The one path of a file, whatever links lead to its folder. */
async function locate(file: string): Promise<string> {
  return join(await Deno.realPath(dirname(file)), basename(file));
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

function roundBox({ left, top, width, height }: Box): Box {
  const [x, y] = [Math.round(left), Math.round(top)];
  return {
    left: x,
    top: y,
    width: Math.round(left + width) - x,
    height: Math.round(top + height) - y,
  };
}

/** A line inside of the box's edge, between a black and a white one. */
function drawFrame(picture: Image, box: Box, label: ClassName, line: number): void {
  const edge = Math.max(1, Math.round(line / 3));
  drawRing(picture, box, 0, edge, BLACK);
  drawRing(picture, box, edge, line, WHITE);
  const { colour, dashes } = CLASS_STYLES[label];
  drawRing(picture, box, edge, line, parseColour(colour), dashes);
  drawRing(picture, box, edge + line, edge, BLACK);
}

/** A ring of some width, so far inside of the box's edge; broken into dashes if that is asked for. */
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

/** The label and how probable it is, in letters of a size that depends on the box. */
interface Plate extends Size {
  text: string;
  /** Side of one dot of a letter, in pixels. */
  dot: number;
}

function layOutPlate(
  picture: Image,
  box: Box,
  { label, probability, unsure }: Mark,
  line: number,
): Plate {
  const words = `${CLASS_STYLES[label].short.toUpperCase()}${unsure ? "?" : ""}`;
  const text = `${words} ${Math.round(100 * probability)}%`;
  const plain = LETTER_WIDTH * text.length + 1; // dots, with one around the text
  const room = Math.min(picture.width, 1.5 * box.width);
  const dot = Math.max(1, Math.min(line, Math.floor(room / plain)));
  return { text, dot, width: dot * plain, height: dot * (LETTER_HEIGHT + 2) };
}

function drawPlate(picture: Image, box: Box, { text, dot }: Plate, label: ClassName): void {
  const { colour, ink } = CLASS_STYLES[label];
  fill(picture, box, parseColour(colour));
  for (const [x, y] of textDots(text)) {
    const corner = { left: box.left + dot * (x + 1), top: box.top + dot * (y + 1) };
    fill(picture, { ...corner, width: dot, height: dot }, parseColour(ink));
  }
}

/** Fills what of the box lies in the picture. */
function fill(picture: Image, { left, top, width, height }: Box, colour: Colour): void {
  const right = Math.min(picture.width, left + width);
  const bottom = Math.min(picture.height, top + height);
  for (let y = Math.max(0, top); y < bottom; y++) {
    for (let x = Math.max(0, left); x < right; x++) {
      picture.bitmap.set(colour, 4 * (y * picture.width + x));
    }
  }
}
