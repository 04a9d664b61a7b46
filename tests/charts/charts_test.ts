import {
  assert,
  assertEquals,
  assertLessOrEqual,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  chartClassCounts,
  chartConfusion,
  chartHistory,
  chartProbabilities,
  chartRoc,
  chartScores,
  createLiveDisplay,
  DISPLAY,
  display,
  type Displayable,
  type MimeBundle,
  renderSvg,
  showChart,
  showImages,
  showProgress,
  watchProgress,
  watchTraining,
} from "../../lib/charts/mod.ts";
import { evaluateScores } from "../../lib/evaluation/metrics.ts";
import { rocCurves } from "../../lib/evaluation/roc.ts";
import { CLASSES, type History } from "../../lib/types.ts";

const data = "1,200 drawn sample faces: says nothing about real photos";

/** A run like a real one: training loss falls, validation loss is lowest at a third of the way. */
function makeHistory(epochs: number): History {
  const series = (value: (epoch: number) => number) =>
    Array.from({ length: epochs }, (_, epoch) => value(epoch));
  return {
    loss: series((epoch) => 0.6 * Math.exp(-epoch / 4)),
    accuracy: series((epoch) => 1 - 0.4 * Math.exp(-epoch / 4)),
    valLoss: series((epoch) => 0.2 + 0.01 * Math.abs(epoch - Math.floor(epochs / 3))),
    valAccuracy: series((epoch) => 0.9 + 0.001 * epoch),
  };
}

/** 90 labels and softmax rows, four in five of which are right. */
function makeScores(classCount: number) {
  const labels = Array.from({ length: 90 }, (_, i) => i % classCount);
  const probabilities = labels.flatMap((label, i) => {
    const favourite = i % 5 === 0 ? (label + 1) % classCount : label;
    const sure = 0.5 + (i % 50) / 100;
    return Array.from(
      { length: classCount },
      (_, k) => k === favourite ? sure : (1 - sure) / (classCount - 1),
    );
  });
  return { labels, probabilities };
}

const charts = Object.values(CLASSES).flatMap((classes) => {
  const { labels, probabilities } = makeScores(classes.length);
  const evaluation = evaluateScores(labels, probabilities, classes);
  const samples = labels.map((label) => ({ className: classes[label]! }));
  const places = [...labels.keys()];
  const split = {
    train: places.slice(0, 60),
    validation: places.slice(60, 75),
    test: places.slice(75),
  };
  const name = (chart: string) => `${chart}, ${classes.length} classes`;
  return [
    {
      name: name("confusion"),
      spec: chartConfusion(evaluation, { data }),
      axes: ["Predicted label", "True label"],
    },
    {
      name: name("scores"),
      spec: chartScores(evaluation, { data }),
      axes: ["Metric", "Score (0 to 1)"],
    },
    {
      name: name("ROC"),
      spec: chartRoc(rocCurves(labels, probabilities, classes), { data }),
      axes: ["False positive rate (0 to 1)", "True positive rate (0 to 1)"],
    },
    {
      name: name("probabilities"),
      spec: chartProbabilities(labels, probabilities, classes, { data }),
      axes: ["P(with_mask), 0 to 1", "Samples (√ scale)"],
    },
    {
      name: name("class counts"),
      spec: chartClassCounts(samples, split, { data }),
      axes: ["Class", "Samples (count)"],
    },
  ];
});
for (const epochs of [1, 2, 12, 30]) {
  charts.push({
    name: `history, ${epochs} epochs`,
    spec: chartHistory(makeHistory(epochs), { data }),
    axes: ["Epoch", "Loss (mean cross-entropy, nats)", "Accuracy (% right)"],
  });
}

/** The texts of an SVG, as a reader sees them. */
function readTexts(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text!);
}

for (const { name, spec, axes } of charts) {
  Deno.test(`renderSvg() draws ${name}: legible, labelled, 640 pixels wide at most`, async () => {
    const warn = console.warn;
    const warnings: unknown[] = [];
    console.warn = (...args) => warnings.push(args);
    const svg = await renderSvg(spec).finally(() => console.warn = warn);
    assertEquals(warnings, []);
    assertMatch(svg, /^<svg /);
    assertEquals(svg.match(/NaN|undefined|Infinity/), null);
    assertStringIncludes(svg, 'fill="white"');
    const width = Number(svg.match(/ width="(\d+)"/)![1]);
    assertLessOrEqual(width, 640);
    const sizes = [...svg.matchAll(/font-size="([\d.]+)px"/g)].map(([, size]) => Number(size));
    assert(sizes.length > 0 && sizes.every((size) => size >= 11), `font sizes ${sizes}`);
    const texts = readTexts(svg);
    for (const text of [data, ...axes]) assert(texts.includes(text), `"${text}" is not drawn`);
    assertStringIncludes(spec.description!, data);
  });
}

Deno.test("chartHistory() has whole epochs as ticks, and room for those to come", async () => {
  for (const [done, epochs] of [[1, 1], [1, 12], [2, 2], [5, 7], [30, 30]] as const) {
    const svg = await renderSvg(chartHistory(makeHistory(done), { data, epochs }));
    const ticks = readTexts(svg).filter((text) => /^\d+$/.test(text)).map(Number);
    assertEquals(new Set(ticks).size * 2, ticks.length, `ticks ${ticks} of two panels`);
    assertEquals(Math.max(...ticks), epochs);
  }
});

Deno.test("chartHistory() draws points only where they do not hide the line", async () => {
  const symbols = async (epochs: number) =>
    (await renderSvg(chartHistory(makeHistory(epochs), { data }))).match(/mark-symbol/g)!.length;
  const [few, many, more] = [await symbols(40), await symbols(41), await symbols(200)];
  assertEquals([few - many, more], [2, many]);
});

Deno.test("chartHistory() marks the first epoch of the lowest validation loss", () => {
  const history = { ...makeHistory(4), valLoss: [0.5, 0.2, 0.2, 0.4] };
  assertStringIncludes(chartHistory(history, { data }).description!, "lowest at epoch 2 (dashed");
});

Deno.test("chartHistory() draws what is finite of a run that diverged", async () => {
  const history = { ...makeHistory(4), valLoss: [0.5, NaN, 0.4, Infinity] };
  const spec = chartHistory(history, { data });
  assertStringIncludes(spec.description!, "lowest at epoch 3");
  assertEquals((await renderSvg(spec)).match(/NaN|Infinity/), null);
  const lost = chartHistory({ ...makeHistory(2), valLoss: [NaN, NaN] }, { data });
  assertStringIncludes(lost.description!, "no validation loss is a number");
  assertEquals((await renderSvg(lost)).match(/NaN|Infinity/), null);
});

Deno.test("chartHistory() refuses a history without epochs", () => {
  assertThrows(() => chartHistory(makeHistory(0), { data }), RangeError, "got none");
});

Deno.test("chartConfusion() draws counts, shares of each row, accuracy and interval", async () => {
  const labels = [...Array(1500).fill(0), ...Array(500).fill(1)];
  const scores = labels.map((label, i) => i % 4 === 0 ? 1 - label : label);
  const svg = await renderSvg(
    chartConfusion(evaluateScores(labels, scores, CLASSES.binary), { data }),
  );
  const texts = readTexts(svg);
  for (const text of ["1,125", "375", "125", "75.0% of row", "25.0% of row"]) {
    assert(texts.includes(text), `"${text}" is not among ${texts}`);
  }
  // statsmodels 0.15.0: proportion_confint(1500, 2000, method="wilson") = (0.7305, 0.7685)
  assertStringIncludes(svg, "75.0% of 2,000 right (95% interval 73.1% to 76.8%)");
});

Deno.test("chartConfusion() draws a class without samples", async () => {
  const evaluation = evaluateScores([0, 0], [0.1, 0.2], CLASSES.binary);
  const texts = readTexts(await renderSvg(chartConfusion(evaluation, { data })));
  assertEquals(texts.filter((text) => text === "0.0% of row").length, 3);
});

Deno.test("chartScores() draws scores of 0", async () => {
  const svg = await renderSvg(
    chartScores(evaluateScores([0, 1], [1, 0], CLASSES.binary), { data }),
  );
  assertEquals(readTexts(svg).filter((text) => text === "0.000").length, 6);
  assertMatch(svg, /'Score \(0 to 1\)' for a linear scale with values from 0.0 to 1/);
});

Deno.test("chartRoc() says that an area is undefined where one class is absent", async () => {
  const svg = await renderSvg(chartRoc(rocCurves([1, 1], [0.2, 0.8], CLASSES.binary), { data }));
  assertStringIncludes(svg, "with_mask: AUC undefined");
});

Deno.test("chartProbabilities() counts every sample, those at 0 and 1 too", async () => {
  const probabilities = [0, 0, 0.05, 0.499, 0.5, 0.95, 1, 1, 1];
  const labels = [0, 0, 0, 0, 1, 1, 1, 1, 1];
  const svg = await renderSvg(chartProbabilities(labels, probabilities, CLASSES.binary, { data }));
  const counts = [...svg.matchAll(/aria-label="[^"]*Samples \(√ scale\): (\d+)/g)];
  assertEquals(counts.map(([, count]) => Number(count)), [2, 1, 1, 1, 4]);
});

Deno.test("chartProbabilities() takes the second column of a softmax", async () => {
  const softmax = [0.7, 0.1, 0.2, 0.05, 0.9, 0.05, 0.3, 0.32, 0.38];
  const spec = chartProbabilities([0, 1, 2], softmax, CLASSES["three-class"], { data });
  const svg = await renderSvg(spec);
  const bins = [...svg.matchAll(/aria-label="[^"]*: ([\d.]+) – ([\d.]+); Samples/g)];
  assertEquals(bins.map(([, low, high]) => `${low} ${high}`), [
    "0.1 0.15",
    "0.9 0.95",
    "0.3 0.35",
  ]);
});

Deno.test("chartProbabilities() marks the threshold of two classes, and of two only", async () => {
  for (const [classes, expected] of [[CLASSES.binary, 2], [CLASSES["three-class"], 0]] as const) {
    const { labels, probabilities } = makeScores(classes.length);
    const spec = chartProbabilities(labels, probabilities, classes, { data, threshold: 0.3 });
    assertEquals(
      (await renderSvg(spec)).match(/aria-roledescription="rule mark"/g)?.length ?? 0,
      expected,
    );
    assertEquals(spec.description!.includes("threshold 0.3 dashed"), expected > 0);
  }
});

Deno.test("chartProbabilities() refuses lengths that do not fit together", () => {
  const chart = () => chartProbabilities([0, 1], [0.1, 0.2, 0.3], CLASSES.binary, { data });
  assertThrows(chart, RangeError, "probabilities must be 1 or 2 per label, got 3 for 2");
});

Deno.test("chartClassCounts() counts the classes that are there, in the order of the labels", async () => {
  const names = ["mask_weared_incorrect", "with_mask", "with_mask", "with_mask"] as const;
  const samples = names.map((className) => ({ className }));
  const split = { train: [0, 1, 2], validation: [3], test: [] };
  const svg = await renderSvg(chartClassCounts(samples, split, { data }));
  const texts = readTexts(svg);
  assertEquals(
    texts.filter((text) => (CLASSES["three-class"] as readonly string[]).includes(text)),
    [
      "with_mask",
      "mask_weared_incorrect",
    ],
  );
  const counts = [...svg.matchAll(/aria-label="[^"]*Samples \(count\): (\d+); group: (\w+)"/g)];
  assertEquals(counts.map(([, count, part]) => `${part} ${count}`), [
    "training 2",
    "validation 1",
    "test 0",
    "training 1",
    "validation 0",
    "test 0",
  ]);
});

Deno.test("charts give each class and each part one colour everywhere", async () => {
  const colours: Record<string, string[]> = {
    scores: ["#D55E00", "#0072B2", "#CC79A7"],
    ROC: ["#D55E00", "#0072B2", "#CC79A7"],
    probabilities: ["#D55E00", "#0072B2", "#CC79A7"],
    "class counts": ["#009E73", "#E69F00", "#56B4E9"],
    history: ["#009E73", "#E69F00"],
  };
  for (const { name, spec } of charts.filter(({ name }) => /3 classes|12 epochs/.test(name))) {
    const svg = await renderSvg(spec);
    for (const colour of colours[name.split(",")[0]!] ?? []) assertStringIncludes(svg, colour);
  }
});

Deno.test("charts wrap the words on their data, and escape them", async () => {
  const long = `photos of <b>"A & B"</b> ${"again ".repeat(30)}${"x".repeat(200)}`;
  const svg = await renderSvg(chartHistory(makeHistory(3), { data: long }));
  assertLessOrEqual(Number(svg.match(/ width="(\d+)"/)![1]), 640);
  assertStringIncludes(svg, "photos of &lt;b&gt;");
  assertEquals(svg.includes("<b>"), false);
  assertEquals([...svg.matchAll(/again/g)].length, 30 * 2, "subtitle, description");
});

const toBundle = async (content: Displayable): Promise<Record<string, string>> =>
  await content[DISPLAY]() as Record<string, string>;

/** Fails where Jupyter would strip something from a notebook that it does not trust. */
function assertSafeHtml(html: string): void {
  const allowed = ["div", "figure", "figcaption", "img", "label", "progress"];
  const tags = [...html.matchAll(/<\/?([a-z]+)/g)].map(([, tag]) => tag!);
  assertEquals(tags.filter((tag) => !allowed.includes(tag)), []);
}

Deno.test("showChart() gives HTML, SVG and words", async () => {
  const spec = chartHistory(makeHistory(3), { data: 'a "quoted" <set>' });
  const bundle = await toBundle(showChart(spec));
  assertEquals(Object.keys(bundle), ["text/html", "image/svg+xml", "text/plain"]);
  assertEquals(bundle["text/plain"], spec.description);
  const html = bundle["text/html"]!;
  assertSafeHtml(html);
  assertStringIncludes(html, "a &quot;quoted&quot; &lt;set&gt;");
  const [, base64] = html.match(/src="data:image\/svg\+xml;base64,([^"]+)"/)!;
  const decoded = new TextDecoder().decode(Uint8Array.fromBase64(base64!));
  assertEquals(decoded.length, bundle["image/svg+xml"]!.length);
});

Deno.test("showChart() rejects an invalid chart when it is shown", async () => {
  await assertRejects(() => toBundle(showChart({ mark: "no such mark" } as never)));
});

const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const JPEG = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0);

Deno.test("showImages() gives pictures with captions, escaped, and their words alone", async () => {
  const bundle = await toBundle(showImages([
    { bytes: PNG, caption: 'with_mask <98%> & "sure"', colour: "#0072B2" },
    { bytes: JPEG, caption: "without_mask" },
  ], { columns: 2 }));
  const html = bundle["text/html"]!;
  assertSafeHtml(html);
  assertStringIncludes(html, `src="data:image/png;base64,${PNG.toBase64()}"`);
  assertStringIncludes(html, `src="data:image/jpeg;base64,${JPEG.toBase64()}"`);
  assertEquals(
    html.match(/with_mask &lt;98%&gt; &amp; &quot;sure&quot;/g)?.length,
    2,
    "alt, caption",
  );
  assertStringIncludes(html, "width:47%");
  assertStringIncludes(html, "4px solid #0072B2");
  assertEquals(bundle["text/plain"], '[picture] with_mask <98%> & "sure"\n[picture] without_mask');
});

Deno.test("showImages() refuses other formats and counts of columns", () => {
  const gif = { bytes: new TextEncoder().encode("GIF89a"), caption: "" };
  assertThrows(
    () => showImages([{ bytes: PNG, caption: "" }, gif]),
    TypeError,
    'picture 1 must be PNG or JPEG, got bytes that begin with "47494638"',
  );
  assertThrows(
    () => showImages([{ bytes: new Uint8Array(), caption: "" }]),
    TypeError,
    "picture 0",
  );
  for (const columns of [0, -1, 1.5, NaN]) {
    assertThrows(() => showImages([], { columns }), RangeError, `got ${columns}`);
  }
});

Deno.test("showProgress() gives a bar with its label, or a count where the end is not known", async () => {
  const cases = [
    { done: 0, total: 8, value: ' value="0"', text: "╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ 0% Reading <photos>" },
    {
      done: 2,
      total: 8,
      value: ' value="0.25"',
      text: "━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ 25% Reading <photos>",
    },
    { done: 9, total: 8, value: ' value="1"', text: "━━━━━━━━━━━━━━━━━━━━ 100% Reading <photos>" },
    { done: 7, total: undefined, value: "", text: "╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ 7 Reading <photos>" },
  ];
  for (const { done, total, value, text } of cases) {
    const bundle = await toBundle(showProgress({ stage: "Reading <photos>", done, total }));
    assertEquals(bundle["text/plain"], text);
    assertSafeHtml(bundle["text/html"]!);
    assertStringIncludes(bundle["text/html"]!, `<progress${value} max="1"`);
    assertStringIncludes(bundle["text/html"]!, "Reading &lt;photos&gt;");
  }
});

interface Message {
  type: string;
  id: string;
  data: MimeBundle;
}

/** A kernel that keeps what it is told. */
function createKernel() {
  const messages: Message[] = [];
  const broadcast = (type: string, content: Record<string, unknown>) => {
    const { display_id } = content.transient as { display_id: string };
    messages.push({ type, id: display_id, data: content.data as MimeBundle });
    return Promise.resolve();
  };
  return { messages, broadcast };
}

const showText = (text: string): Displayable => ({ [DISPLAY]: () => ({ "text/plain": text }) });

Deno.test("createLiveDisplay() opens a place, then updates it, in the order of the calls", async () => {
  const { messages, broadcast } = createKernel();
  const live = createLiveDisplay({ broadcast });
  const slow: Displayable = {
    [DISPLAY]: () => new Promise((resolve) => setTimeout(() => resolve({ "text/plain": "1" }), 20)),
  };
  await Promise.all([live.update(slow), live.update(showText("2")), live.update(showText("3"))]);
  assertEquals(messages.map(({ type, data }) => [type, data["text/plain"]]), [
    ["display_data", "1"],
    ["update_display_data", "2"],
    ["update_display_data", "3"],
  ]);
  assertEquals(new Set(messages.map(({ id }) => id)).size, 1);
});

Deno.test("createLiveDisplay() goes on after an update that failed", async () => {
  const { messages, broadcast } = createKernel();
  const live = createLiveDisplay({ broadcast });
  const bad: Displayable = { [DISPLAY]: () => Promise.reject(new Error("no picture")) };
  await assertRejects(() => live.update(bad), Error, "no picture");
  await live.update(showText("next"));
  assertEquals(messages.map(({ type }) => type), ["display_data"]);
});

Deno.test("createLiveDisplay() and display() do nothing outside Jupyter", async () => {
  const never: Displayable = {
    [DISPLAY]: () => {
      throw new Error("was drawn");
    },
  };
  await createLiveDisplay().update(never);
  await display(never);
});

Deno.test("display() opens a new output each time", async () => {
  const { messages, broadcast } = createKernel();
  await display(showText("1"), { broadcast });
  await display(showText("2"), { broadcast });
  assertEquals(messages.map(({ type }) => type), ["display_data", "display_data"]);
  assertEquals(new Set(messages.map(({ id }) => id)).size, 2);
});

Deno.test("watchProgress() shows where stages begin and end, and little between", async () => {
  const { messages, broadcast } = createKernel();
  const onProgress = watchProgress({ broadcast });
  const start = performance.now();
  const updates: Promise<void>[] = [];
  for (const stage of ["Reading", "Counting"]) {
    for (let done = 0; done <= 500; done++) updates.push(onProgress({ stage, done, total: 500 }));
  }
  const between = Math.floor((performance.now() - start) / 200);
  await Promise.all(updates);
  const texts = messages.map(({ data }) => (data["text/plain"] as string).replace(/^\S+ /, ""));
  for (const text of ["0% Reading", "100% Reading", "0% Counting", "100% Counting"]) {
    assert(texts.includes(text), `"${text}" is not among ${texts}`);
  }
  assertLessOrEqual(texts.length, 4 + between);
});

Deno.test("watchTraining() shows a bar with the batches, and the curves after each epoch", async () => {
  const { messages, broadcast } = createKernel();
  const { onBatch, onEpoch } = watchTraining({ data, broadcast });
  const history: History = { loss: [], accuracy: [], valLoss: [], valAccuracy: [] };
  for (let epoch = 1; epoch <= 2; epoch++) {
    const status = { epoch, epochs: 4, batches: 2, loss: 0.3125, accuracy: 0.875, history };
    await onBatch({ ...status, batch: 1 });
    const { loss, accuracy, valLoss, valAccuracy } = makeHistory(epoch);
    Object.assign(history, { loss, accuracy, valLoss, valAccuracy });
    await onEpoch({ ...status, batch: 2 });
  }
  const texts = messages.map(({ data }) => (data["text/plain"] as string).replace(/^[━╌]+ /, ""));
  assertEquals(texts.filter((text) => !text.startsWith("Training")), [
    "13% Epoch 1 of at most 4: loss 0.3125, accuracy 87.5%",
    "25% Epoch 1 of at most 4 is over, validation: loss 0.2000, accuracy 90.0%",
    "38% Epoch 2 of at most 4: loss 0.3125, accuracy 87.5%",
    "50% Epoch 2 of at most 4 is over, validation: loss 0.2100, accuracy 90.1%",
  ]);
  const curves = messages.filter(({ data }) => "image/svg+xml" in data);
  assertEquals(curves.map(({ type }) => type), ["display_data", "update_display_data"]);
  assertEquals(new Set(messages.map(({ id }) => id)).size, 2);
});
