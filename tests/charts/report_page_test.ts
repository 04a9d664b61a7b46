import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import sharp from "sharp";
import { renderReport, type ReportContent } from "../../lib/charts/mod.ts";
import { evaluateScores } from "../../lib/evaluation/metrics.ts";
import { CLASSES } from "../../lib/types.ts";

const SIZE = 8;
const LABELS = [0, 0, 1, 1, 1];
const SCORES = [0.1, 0.8, 0.9, 0.6, 0.3];

/** Five photos, of which 1 and 4 are mistakes. */
function makeContent(more: Partial<ReportContent> = {}): ReportContent {
  const samples = LABELS.map((label, i) => ({
    file: `/photos/<set>/${i}.jpg`,
    className: CLASSES.binary[label]!,
  }));
  const pixels = new Uint8Array(LABELS.length * SIZE ** 2 * 3);
  LABELS.forEach((_, i) => pixels.fill(50 * i, i * SIZE ** 2 * 3, (i + 1) * SIZE ** 2 * 3));
  const metrics = evaluateScores(LABELS, SCORES, CLASSES.binary);
  return {
    about: { model: "models/<mine>", photos: "some photos" },
    evaluation: { ...metrics, calibrationError: 0.1, warnings: ["the set has 5 photos"] },
    charts: [{ description: "A chart", mark: "bar", data: { values: [{}] } }],
    images: { size: SIZE, pixels, samples, unreadable: [] },
    results: LABELS.map((label, index) => ({
      index,
      label,
      predicted: Number(SCORES[index]! >= 0.5),
      probability: Math.max(SCORES[index]!, 1 - SCORES[index]!),
    })),
    slices: [{ name: "dark", how: "by level", n: 2, accuracy: 0.5, interval: [0.1, 0.9] }],
    ...more,
  };
}

/** What stands in the page's elements with this id or class. */
const cut = (html: string, from: string, to: string) => html.split(from)[1]!.split(to)[0]!;
const readNames = (html: string) =>
  [...html.matchAll(/(\d)\.jpg<\/figcaption>/g)].map((it) => +it[1]!);

Deno.test("renderReport() leads from each cell of the confusion matrix to its photos", async () => {
  const html = await renderReport(makeContent());
  const cells = { "0-0": [0], "0-1": [1], "1-0": [4], "1-1": [2, 3] };
  for (const [cell, photos] of Object.entries(cells)) {
    assertMatch(html, new RegExp(`<a href="#cell-${cell}">${photos.length}<`));
    assertEquals(readNames(cut(html, `id="cell-${cell}"`, "</section>")), photos);
  }
  assertStringIncludes(html, "without mask, predicted with mask: 1 photo<");
});

Deno.test("renderReport() shows the mistakes, the most confident first, with labels and photos", async () => {
  const html = await renderReport(makeContent());
  const mistakes = cut(html, "The most confident mistakes", "<h2>Charts");
  assertEquals(readNames(mistakes), [1, 4]);
  assertStringIncludes(mistakes, "2 mistakes. Some");
  assertStringIncludes(mistakes, "with mask 80.0%<br>label: without mask");
  const [, base64] = mistakes.match(/src="data:image\/jpeg;base64,([^"]*)"/)!;
  const { data, info } = await sharp(Uint8Array.fromBase64(base64!)).raw()
    .toBuffer({ resolveWithObject: true });
  assertEquals([info.width, info.height], [SIZE, SIZE]);
  assert(data.every((level) => Math.abs(level - 50) < 4), `${data.slice(0, 6)}`);
});

Deno.test("renderReport() says figures, warnings, charts and kinds of photos, and escapes names", async () => {
  const html = await renderReport(makeContent());
  assertStringIncludes(html, "<b>accuracy 0.6000 (n = 5, 95% interval");
  assertStringIncludes(html, "the set has 5 photos");
  assertStringIncludes(html, 'alt="A chart"');
  assertStringIncludes(html, "<td>dark</td><td>50.0%</td><td>10.0% to 90.0%</td><td>2</td>");
  assertStringIncludes(html, "<h1>Evaluation of models/&lt;mine&gt;</h1>");
  assertEquals(html.includes("<set>") || html.includes("<mine>"), false);
});

Deno.test("renderReport() is one file: nothing in it is loaded from elsewhere", async () => {
  const html = await renderReport(makeContent());
  assertStringIncludes(html, "default-src 'none'; img-src data:; style-src 'unsafe-inline'");
  assertEquals(html.match(/<(script|link|iframe)/g), null);
  assertEquals(html.match(/(src|href)="(?!data:image|#)/g), null);
});

Deno.test("renderReport() shows some of thousands of right answers, and all of few", async () => {
  const { results, ...content } = makeContent();
  const many = Array.from({ length: 130 }, () => results[0]!);
  const html = await renderReport({ ...content, results: many });
  const cell = cut(html, 'id="cell-0-0"', "</section>");
  assertEquals(readNames(cell).length, 60);
  assertStringIncludes(cell, "60 of 130 photos");
  assertStringIncludes(html, "0 mistakes. Some");
});
