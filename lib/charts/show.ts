/** Shows charts, pictures and progress in Deno's Jupyter kernel. */
import type { TopLevelSpec } from "vega-lite";
import type { Progress } from "../types.ts";
import { renderSvg } from "./render.ts";

/** The same content by MIME type, as text or as a JSON object; a notebook shows the richest type. */
export type MimeBundle = Readonly<Record<string, string | object>>;

/** The method that Deno's Jupyter kernel calls to show a value. */
export const DISPLAY: unique symbol = Symbol.for("Jupyter.display");

/** A value that a notebook shows as the last value of a cell, or by {@linkcode display}. */
export interface Displayable {
  [DISPLAY](): MimeBundle | Promise<MimeBundle>;
}

/**
 * Shows a chart as HTML, which shrinks in narrow notebooks, as SVG, and in words.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { DISPLAY, showChart } from "./mod.ts";
 *
 * const spec = { description: "One bar", mark: "bar" as const, data: { values: [{}] } };
 * const bundle = await showChart(spec)[DISPLAY]();
 * assertEquals(Object.keys(bundle), ["text/html", "image/svg+xml", "text/plain"]);
 * ```
 */
export function showChart(spec: TopLevelSpec): Displayable {
  const description = spec.description ?? "Chart";
  return {
    [DISPLAY]: async () => {
      const svg = await renderSvg(spec);
      return {
        "text/html": pictureHtml(new TextEncoder().encode(svg), "image/svg+xml", description),
        "image/svg+xml": svg,
        "text/plain": description,
      };
    },
  };
}

/** A picture to show. */
export interface Picture {
  /** The content of a PNG or JPEG file. */
  bytes: Uint8Array;
  /** Shown below the picture, and read by screen readers. */
  caption: string;
  /** Colour of the line between picture and caption, as CSS. @default "#CCCCCC" */
  colour?: string;
}

/** Options of `showImages`. */
export interface ShowImagesOptions {
  /** The most pictures per row. @default 4 */
  columns?: number;
  /** The largest width of a picture, in pixels. @default 160 */
  width?: number;
}

/**
 * Shows pictures in rows that wrap in narrow notebooks.
 *
 * @throws {TypeError} if a picture is neither PNG nor JPEG
 * @throws {RangeError} if `columns` is not a positive integer
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { DISPLAY, showImages } from "./mod.ts";
 *
 * const bytes = Uint8Array.of(0x89, 0x50, 0x4e, 0x47); // and so on: a PNG file
 * const bundle = await showImages([{ bytes, caption: "a face" }])[DISPLAY]();
 * assertEquals(bundle["text/plain"], "[picture] a face");
 * ```
 */
export function showImages(
  pictures: readonly Picture[],
  { columns = 4, width = 160 }: ShowImagesOptions = {},
): Displayable {
  if (!Number.isInteger(columns) || columns < 1) {
    throw new RangeError(`columns must be a positive integer, got ${columns}`);
  }
  // Only inline styles that Jupyter keeps in untrusted notebooks.
  const card = `margin:0;width:${94 / columns}%;min-width:96px;background:#FFFFFF;color:#222222`;
  const figures = pictures.map(({ bytes, caption, colour = "#CCCCCC" }, index) => {
    const line = `border-top:4px solid ${
      escapeHtml(colour)
    };padding:4px;font-size:12px;line-height:1.3`;
    return `<figure style="${card}">` +
      pictureHtml(bytes, imageType(bytes, index), caption, "display:block;width:100%") +
      `<figcaption style="${line}">${escapeHtml(caption)}</figcaption></figure>`;
  });
  const grid = `display:flex;flex-wrap:wrap;gap:6px;max-width:${columns * width}px`;
  const bundle = {
    "text/html": `<div style="${grid}">${figures.join("")}</div>`,
    "text/plain": pictures.map(({ caption }) => `[picture] ${caption}`).join("\n"),
  };
  return { [DISPLAY]: () => bundle };
}

/**
 * Shows progress as a bar with a label.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { DISPLAY, showProgress } from "./mod.ts";
 *
 * const bundle = await showProgress({ stage: "Reading photos", done: 5, total: 20 })[DISPLAY]();
 * assertEquals(bundle["text/plain"], "━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ 25% Reading photos");
 * ```
 */
export function showProgress(
  { stage, done, total, detail = "" }: Progress,
): Displayable {
  const share = total ? Math.min(1, done / total) : undefined;
  const text = `${share === undefined ? done : `${Math.round(100 * share)}%`} ${stage}${
    detail && `: ${detail}`
  }`;
  const value = share === undefined ? "" : ` value="${share}"`;
  const filled = Math.round(20 * (share ?? 0));
  const bundle = {
    "text/html": `<label style="font-size:13px"><progress${value} max="1" style="width:200px">` +
      `</progress> ${escapeHtml(text)}</label>`,
    "text/plain": `${"━".repeat(filled)}${"╌".repeat(20 - filled)} ${text}`,
  };
  return { [DISPLAY]: () => bundle };
}

/** A picture inside its own tag. */
export function pictureHtml(
  bytes: Uint8Array,
  type: string,
  alt: string,
  style = "max-width:100%",
) {
  return `<img src="data:${type};base64,${bytes.toBase64()}" alt="${escapeHtml(alt)}" ` +
    `style="${style};height:auto">`;
}

function imageType(bytes: Uint8Array, index: number): string {
  if (bytes[0] === 0x89 && bytes[1] === 0x50) return "image/png";
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return "image/jpeg";
  const start = bytes.subarray(0, 4).toHex();
  throw new TypeError(`picture ${index} must be PNG or JPEG, got bytes that begin with "${start}"`);
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
/** Escapes text for HTML content and attributes. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => ENTITIES[character]!);
