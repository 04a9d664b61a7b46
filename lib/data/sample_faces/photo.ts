/** Renders drawings like small photos: resolution, motion blur, exposure, noise, JPEG. */
import { Image, type JPEGQuality } from "npm:imagescript@1.3.1";
import type { Random } from "../../types.ts";
import { type Dice, makeDice } from "./chance.ts";

/** The most rendered rows: rendering takes the most time. */
const MAX_RENDERED = 144;

/**
 * Renders a drawing as a photo of 72 to 320 rows, with random sharpness, noise and exposure.
 *
 * @param drawing SVG text with `width` and `height`.
 * @returns the bytes of a JPEG file of quality 35 to 92
 */
export async function renderPhoto(random: Random, drawing: string): Promise<Uint8Array> {
  const dice = makeDice(random);
  const { between, chance } = dice;
  const height = Math.round(72 * (320 / 72) ** random()); // as many small ones as large ones
  const rows = chance(0.1) ? between(36, 64) : Math.min(MAX_RENDERED, height * between(0.6, 1));
  let photo = await Image.renderSVG(drawing, Math.round(rows), Image.SVG_MODE_HEIGHT);
  if (chance(0.08)) photo = shake(photo, rows * between(0.01, 0.05), between(0, Math.PI));
  expose(dice, photo);
  photo = resize(photo, Math.round(height * photo.width / photo.height), height);
  addNoise(random, photo, chance(0.7) ? between(0, 3) : between(3, 12));
  return await photo.encodeJPEG(Math.round(between(35, 92)) as JPEGQuality);
}

/** Simulates motion blur: averages five pixels on a line of this length and angle. */
function shake(image: Image, length: number, angle: number): Image {
  const { width, height, bitmap } = image;
  const shaken = new Image(width, height);
  for (let i = 0; i < bitmap.length; i += 4) {
    const [x, y] = [i / 4 % width, Math.floor(i / 4 / width)];
    const mean = [0, 0, 0];
    for (const share of [-0.5, -0.25, 0, 0.25, 0.5]) {
      const fromX = clamp(Math.round(x + share * length * Math.cos(angle)), width - 1);
      const fromY = clamp(Math.round(y + share * length * Math.sin(angle)), height - 1);
      for (let c = 0; c < 3; c++) mean[c]! += bitmap[4 * (fromY * width + fromX) + c]! / 5;
    }
    shaken.bitmap.set([...mean, 255], i);
  }
  return shaken;
}

function clamp(value: number, most: number): number {
  return Math.max(0, Math.min(most, value));
}

/** Resizes by bilinear interpolation. */
function resize(image: Image, width: number, height: number): Image {
  const resized = new Image(width, height);
  const columns = findNeighbours(image.width, width);
  const rows = findNeighbours(image.height, height);
  const [from, to] = [image.bitmap, resized.bitmap];
  let place = 0;
  for (const row of rows) {
    const [upper, lower] = [4 * image.width * row.first, 4 * image.width * row.second];
    for (const column of columns) {
      const [left, right] = [4 * column.first, 4 * column.second];
      for (let c = 0; c < 4; c++) {
        const above = mixed(from[upper + left + c]!, from[upper + right + c]!, column.share);
        const below = mixed(from[lower + left + c]!, from[lower + right + c]!, column.share);
        to[place++] = mixed(above, below, row.share);
      }
    }
  }
  return resized;
}

function mixed(first: number, second: number, share: number): number {
  return first + (second - first) * share;
}

/** Computes, for each of `to` pixels, the two neighbours among `from` pixels and their weights. */
function findNeighbours(from: number, to: number) {
  return Array.from({ length: to }, (_, i) => {
    const place = clamp((i + 0.5) * from / to - 0.5, from - 1);
    const first = Math.floor(place);
    return { first, second: Math.min(first + 1, from - 1), share: place - first };
  });
}

/** Changes brightness, contrast, white balance and saturation in place; some photos become grey. */
function expose({ between, chance }: Dice, { bitmap }: Image): void {
  const [contrast, brightness] = [between(0.75, 1.35), between(-20, 20)];
  const gamma = 2 ** between(-0.7, 0.5);
  const warmth = between(-0.12, 0.12);
  const [red, green, blue] = [1 + warmth, 1, 1 - warmth].map((gain) =>
    Float32Array.from({ length: 256 }, (_, value) => {
      const light = 255 * (gain * value / 255) ** gamma;
      return 128 + contrast * (light - 128) + brightness;
    })
  ) as [Float32Array, Float32Array, Float32Array];
  const saturation = chance(0.04) ? 0 : between(0.7, 1.2);
  for (let i = 0; i < bitmap.length; i += 4) {
    const [r, g, b] = [red[bitmap[i]!]!, green[bitmap[i + 1]!]!, blue[bitmap[i + 2]!]!];
    const grey = (1 - saturation) * (r + g + b) / 3;
    bitmap[i] = grey + saturation * r;
    bitmap[i + 1] = grey + saturation * g;
    bitmap[i + 2] = grey + saturation * b;
  }
}

/** Adds noise of this standard deviation to all channels equally, and half as much to red or blue. */
function addNoise(random: Random, { bitmap }: Image, deviation: number): void {
  // The sum of two uniform numbers has a standard deviation of 1 / sqrt(6), one number of 1 / sqrt(12).
  for (let i = 0; i < bitmap.length; i += 4) {
    const grain = (random() + random() - 1) * Math.sqrt(6) * deviation;
    const tint = (random() - 0.5) * Math.sqrt(3) * deviation;
    bitmap[i]! += grain + tint;
    bitmap[i + 1]! += grain;
    bitmap[i + 2]! += grain - tint;
  }
}
