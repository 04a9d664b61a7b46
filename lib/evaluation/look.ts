/** Measures the brightness, sharpness and skin tone of a photo. */
import { LUMA, relativeLuminance, toLinearLight } from "../photo.ts";

/** The measures of a photo. */
export interface Look {
  /** Mean grey level, 0..255. */
  level: number;
  /** Variance of the Laplacian of the grey levels; low values mean blur. */
  detail: number;
  /** Individual typology angle of the skin in degrees; NaN if too little skin is visible. */
  angle: number;
}

/**
 * Measures one photo.
 *
 * @param pixels `[size, size, 3]` uint8 RGB in 0..255
 */
export function measureLook(pixels: Uint8Array, size: number): Look {
  const grey = new Float32Array(size * size);
  for (let i = 0; i < grey.length; i++) {
    grey[i] = LUMA[0] * pixels[3 * i]! + LUMA[1] * pixels[3 * i + 1]! +
      LUMA[2] * pixels[3 * i + 2]!;
  }
  let sum = 0, squares = 0, n = 0;
  for (let y = 1; y < size - 1; y++) {
    for (let x = 1; x < size - 1; x++) {
      const i = y * size + x;
      const edge = grey[i - 1]! + grey[i + 1]! + grey[i - size]! + grey[i + size]! - 4 * grey[i]!;
      sum += edge;
      squares += edge * edge;
      n++;
    }
  }
  const level = grey.reduce((total, value) => total + value, 0) / grey.length;
  return { level, detail: squares / n - (sum / n) ** 2, angle: measureSkin(pixels, size) };
}

/** Computes the median typology angle of skin-coloured pixels between brow and cheeks, above any mask. */
function measureSkin(pixels: Uint8Array, size: number): number {
  const angles: number[] = [];
  for (let y = Math.round(0.2 * size); y < 0.5 * size; y++) {
    for (let x = Math.round(0.25 * size); x < 0.75 * size; x++) {
      const [red, green, blue] = pixels.subarray(3 * (y * size + x), 3 * (y * size + x) + 3);
      if (isSkin(red!, green!, blue!)) angles.push(typologyAngle(red!, green!, blue!));
    }
  }
  return angles.length < 50 ? NaN : angles.sort((a, b) => a - b)[angles.length >> 1]!;
}

/** Source: Chai and Ngan, 1999, IEEE Transactions on Circuits and Systems for Video Technology 9. */
function isSkin(red: number, green: number, blue: number): boolean {
  const cb = 128 - 0.169 * red - 0.331 * green + 0.5 * blue;
  const cr = 128 + 0.5 * red - 0.419 * green - 0.081 * blue;
  return cb >= 77 && cb <= 127 && cr >= 133 && cr <= 173;
}

/** Computes arctan((L* - 50) / b*) in degrees, from sRGB under D65. */
function typologyAngle(...rgb: [red: number, green: number, blue: number]): number {
  const [red, green, blue] = toLinearLight(rgb);
  const y = relativeLuminance(rgb);
  const z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883;
  const root = (t: number) => t > 216 / 24389 ? Math.cbrt(t) : (24389 / 27 * t + 16) / 116;
  const lightness = 116 * root(y) - 16;
  return Math.atan2(lightness - 50, 200 * (root(y) - root(z))) * 180 / Math.PI;
}
