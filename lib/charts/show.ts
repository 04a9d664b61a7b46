/** Charts, pictures and progress as Deno's Jupyter kernel shows them. */
import type { TopLevelSpec } from "vega-lite";
import type { Progress } from "../types.ts";
import { renderSvg } from "./render.ts";

/** The same content by MIME type, as text or as a JSON object; a notebook shows the richest it can. */
export type MimeBundle = Readonly<Record<string, string | object>>;

/** The method by which Deno's Jupyter kernel asks a value how it is to be shown. */
export const DISPLAY: unique symbol = Symbol.for("Jupyter.display");

/** What a notebook shows where it is the last value of a cell, or is passed to {@linkcode display}. */
export interface Displayable {
  [DISPLAY](): MimeBundle | Promise<MimeBundle>;
}

/**
 * Shows a chart: as HTML, which shrinks where the notebook is narrow, as SVG, and in words.
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
  /** A PNG or JPEG file's content. */
  bytes: Uint8Array;
  /** Shown below the picture, and read out by screen readers. */
  caption: string;
  /** Of the line between picture and caption, as CSS. @default "#CCCCCC" */
  colour?: string;
}

/** Options of `showImages`. */
export interface ShowImagesOptions {
  /** At most this many side by side. @default 4 */
  columns?: number;
  /** Of a picture, in pixels, where the notebook has room for it. @default 160 */
  width?: number;
}

/**
 * Shows pictures in rows that wrap where the notebook is narrow.
 *
 * @throws {TypeError} If a picture is neither PNG nor JPEG.
 * @throws {RangeError} If `columns` is not a whole number from 1 on.
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
    throw new RangeError(`columns must be a whole number from 1 on, got ${columns}`);
  }
  // Inline styles, and only such as Jupyter leaves in a notebook that it does not trust.
  const card = `margin:0;width:${94 / columns}%;min-width:96px;background:#FFFFFF;color:#222222`;
  const figures = pictures.map(({ bytes, caption, colour = "#CCCCCC" }, place) => {
    const line = `border-top:4px solid ${
      escapeHtml(colour)
    };padding:4px;font-size:12px;line-height:1.3`;
    return `<figure style="${card}">` +
      pictureHtml(bytes, imageType(bytes, place), caption, "display:block;width:100%") +
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
 * Shows how far some work has come: a bar and its label.
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

function imageType(bytes: Uint8Array, place: number): string {
  if (bytes[0] === 0x89 && bytes[1] === 0x50) return "image/png";
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return "image/jpeg";
  const start = bytes.subarray(0, 4).toHex();
  throw new TypeError(`Picture ${place} must be PNG or JPEG, got bytes that begin with "${start}"`);
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
/** Text as it is to stand between tags or in an attribute. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => ENTITIES[character]!);
