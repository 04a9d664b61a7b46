/** `deno task evaluate`: evaluates a saved model on labelled photos, alone or with the detector. */
import { Command, Option } from "commander";
import type { ReportSlice } from "../lib/charts/report_page.ts";
import type { ModelResult } from "../lib/evaluation/evaluate_model.ts";
import type { Classifier } from "../lib/model/saved_model.ts";
import type { LabelledPhotos } from "../lib/data/labelled_photos.ts";
import { writeWhole } from "../lib/files.ts";
import { CLASSES, type ImageSet, plural, type Task } from "../lib/types.ts";
import {
  addPhotoOptions,
  type Lib,
  type PhotoOptions,
  readLabelledPhotos,
} from "./labelled_photos.ts";
import { runLimited } from "./limited.ts";
import { setUpEngine } from "./setup.ts";
import { parsePath, printable, progressLine, runCommand, SHIPPED_MODEL } from "./terminal.ts";

interface Options extends Omit<PhotoOptions, "task"> {
  model: string;
  task?: Task | "detection";
  part: "all" | "train" | "validation" | "test";
  slices?: boolean;
  kinds?: string;
  corrections?: string;
  report?: string;
}

/** A model and the photos on which it is evaluated. */
interface Subject {
  classifier: Classifier;
  photos: LabelledPhotos;
  /** The indices of the images to evaluate. */
  indices: readonly number[];
  /** The scene number of each image, if the photos were split. */
  groups?: readonly number[];
  /** A description of the photos. */
  data: string;
}

const command = new Command("deno task evaluate")
  .description(
    "Evaluates a saved model on all labelled photos or faces, or on one part of them. Results on training " +
      "photos are too optimistic. --task detection evaluates the detector and the classifier together, on " +
      "whole photos with labelled boxes.",
  )
  .option("--model <folder>", "a saved model", parsePath, SHIPPED_MODEL);
const options = addPhotoOptions(command, {
  taskDefault: "the classes of the model and the photos",
  tasks: [...Object.keys(CLASSES), "detection"],
})
  .addOption(
    new Option(
      "--part <name>",
      "evaluate only this part; `train` splits the same photos into the same parts",
    )
      .choices(["all", "train", "validation", "test"]).default("all"),
  )
  .option("--slices", "add figures by kind of photo: small, blurred, dark, from the side, edited")
  .option(
    "--report <file>",
    "write an HTML page with charts and photos: confusion matrix, most confident mistakes, slices",
    parsePath,
  )
  .option(
    "--kinds <file>",
    "add figures by kind of face; the file lists the faces of each kind",
    parsePath,
  )
  .option(
    "--corrections <file>",
    "evaluate with corrected labels; the file lists the wrong ones. Report this beside the uncorrected figure",
    parsePath,
  )
  .option("--json", "write one JSON object, without progress")
  .showHelpAfterError()
  .parse(Deno.args, { from: "user" }).opts<Options>();
const onProgress = options.json ? undefined : progressLine();

await runCommand(async () => {
  const isChain = options.task === "detection";
  for (const name of ["slices", "report", "kinds", "corrections"] as const) {
    if (!isChain || !options[name]) continue;
    throw new TypeError(
      `--${name} must be without --task detection: it evaluates only the classifier`,
    );
  }
  await setUpEngine();
  const { model, data, kinds, corrections, report } = options;
  const own = Deno.env.get("FACE_MASK_DATA");
  const read = [model, ...data, own, kinds, corrections].filter((path) => path !== undefined);
  if (await runLimited({ read, writeFiles: report ? [report] : [], data: true })) return;
  const lib = await import("../lib/mod.ts");
  const subject = await readSubject(lib);
  await (isChain ? evaluateChain(lib, subject) : evaluateAlone(lib, subject));
});

/** Loads the model, and reads the photos at its input size. */
async function readSubject(lib: Lib): Promise<Subject> {
  const { model, task, part, minFace, splitSeed, splitBy } = options;
  const classifier = await lib.loadClassifier(model);
  const { classes, trainedOn, size, margin } = classifier.info;
  if (!options.json) console.error(printable(`the model was trained on: ${trainedOn}`));
  if (task === "three-class" && classes.length === 2) {
    throw new RangeError(
      `--task must be binary, as the model in ${model} knows ${classes.join(" and ")}, got ${task}`,
    );
  }
  // Detection reads all boxes: a found face that is left out must not count as a false alarm.
  const selection = task === "detection"
    ? { task: "three-class" as const, minFace: 0 }
    : { task: task ?? (classes.length === 2 ? "binary" as const : undefined), minFace };
  const reading = { size, margin, eachClass: false };
  const photos = await readLabelledPhotos(lib, { ...options, ...selection }, reading);
  const all = { classifier, photos, indices: photos.indices, data: photos.data };
  if (part === "all") return await correct(lib, all);
  const split = photos.split({ seed: splitSeed, by: splitBy });
  const data = `${part} part of ${photos.data}`;
  return await correct(lib, { ...all, indices: split[part], groups: split.groups, data });
}

/** Applies the corrections; leaves out faces whose new label is not a class of the task. */
async function correct(lib: Lib, subject: Subject): Promise<Subject> {
  if (!options.corrections) return subject;
  const { photos, data } = subject;
  const corrections = await lib.readCorrections(options.corrections);
  const { images, indices, relabelled, leftOut } = lib.correctLabels(
    photos.images,
    subject.indices,
    corrections,
  );
  return {
    ...subject,
    photos: { ...photos, images },
    indices: indices.filter((index) => photos.classes.includes(images.samples[index]!.className)),
    data: `${data}, ${relabelled} labels corrected and ${leftOut} left out`,
  };
}

/** Evaluates the classifier alone, on photos or labelled faces. */
async function evaluateAlone(lib: Lib, subject: Subject) {
  const { photos, classifier: { info: { classes, unsureBelow } } } = subject;
  const result = await judge(lib, subject, photos.images, subject.indices);
  const { evaluation, labels, scores } = result;
  // The threshold is valid only for the model's own classes.
  const coverage = unsureBelow !== undefined && classes.length === photos.classes.length
    ? { unsureBelow, ...lib.measureCoverage(labels, scores, classes.length, unsureBelow) }
    : undefined;
  const all = options.slices || options.kinds || options.report
    ? await evaluateSlices(lib, subject, result)
    : [];
  if (options.report) await writeReport(lib, options.report, subject, result, all);
  const slices = options.slices || options.kinds ? all : undefined;
  if (options.json) {
    const { unreadable } = photos;
    console.log(JSON.stringify({ ...evaluation, coverage, slices, ...about(subject), unreadable }));
  } else {
    console.log(printable(lib.describeEvaluation(evaluation, subject.data)));
    if (coverage) console.log(lib.describeCoverage(coverage));
    if (slices) console.log(`\n${lib.describeSlices(slices)}`);
    if (options.report) console.log(`\nreport    ${options.report}`);
  }
}

/** Evaluates each kind of photo; unedited photos are not classified again. */
async function evaluateSlices(lib: Lib, subject: Subject, { labels, scores }: ModelResult) {
  const { photos: { images }, indices, classifier: { info: { margin } } } = subject;
  const slices = options.kinds
    ? lib.labelledSlices(images, indices, await lib.readFaceKinds(options.kinds))
    : [];
  if (options.slices || options.report) slices.push(...lib.measureSlices(images, indices));
  if (options.slices) {
    slices.push(
      ...await lib.turnSlices(images, indices, { margin, onProgress }),
      ...await lib.editSlices(images, indices, { margin, onProgress }),
    );
  }
  const { classes } = subject.photos;
  const columns = scores.length / labels.length;
  const rowOf = new Map(indices.map((index, row) => [index, row]));
  return await Array.fromAsync(slices, async ({ name, how, images: own, indices }) => {
    const rows = indices.map((index) => rowOf.get(index)!);
    const ofRow = (row: number) => [...scores.subarray(row * columns, (row + 1) * columns)];
    const { n, accuracy, interval, perClass } = own === images
      ? lib.evaluateScores(rows.map((row) => labels[row]!), rows.flatMap(ofRow), classes)
      : (await judge(lib, subject, own, indices)).evaluation;
    return { name, how, n, accuracy, interval, perClass };
  });
}

async function writeReport(
  lib: Lib,
  file: string,
  subject: Subject,
  { evaluation, labels, scores, calibration }: ModelResult,
  slices: readonly ReportSlice[],
) {
  const { classifier: { info: { trainedOn } }, photos: { images, classes }, indices, data } =
    subject;
  const about = { model: options.model, "trained on": trainedOn, photos: data };
  const curves = lib.rocCurves(labels, scores, classes);
  const isEach = evaluation.perClass.every(({ support }) => support > 0);
  const charts = [
    lib.chartReliability(calibration, { data }),
    lib.chartProbabilities(labels, scores, classes, { data }),
    ...(isEach
      ? [
        lib.chartScores(evaluation, { data }),
        lib.chartRoc(curves, { data }),
        lib.chartThresholds(lib.sweepThresholds(labels, scores, classes.length), { data }),
      ]
      : []),
  ];
  const results = lib.toPredictions(scores, classes).map(({ label, probability }, i) => ({
    index: indices[i]!,
    label: labels[i]!,
    predicted: classes.indexOf(label),
    probability,
  }));
  const content = { about, evaluation, charts, images, results, slices };
  await writeWhole(file, await lib.renderReport(content));
}

/** Evaluates the detector and the classifier together. */
async function evaluateChain(lib: Lib, subject: Subject) {
  const { classifier, photos, indices, data } = subject;
  const { minFace } = options;
  const samples = photos.images.samples;
  const faces = indices.filter((index) => {
    const { box, className } = samples[index]!;
    return box && Math.min(box.width, box.height) >= minFace &&
      classifier.info.classes.includes(className);
  });
  if (photos.hasBoxes && faces.length === 0) {
    throw new RangeError(`no labelled face of at least ${minFace} pixels in ${data}`);
  }
  const files = new Set(indices.map((index) => samples[index]!.file));
  const whole = options.part === "all"
    ? photos.files
    : photos.files.filter((file) => files.has(file));
  const detector = await lib.loadDetector();
  const { judged, unreadable: undecoded } = await lib.judgePhotos(
    detector,
    classifier,
    { photos: whole, samples },
    { onProgress },
  );
  const evaluation = lib.evaluateDetections(judged, { minScore: lib.MIN_SCORE, minFace });
  const { evaluation: alone } = await judge(lib, subject, photos.images, faces);
  const known = new Set(photos.unreadable.map(({ file }) => file));
  const unreadable = [...photos.unreadable, ...undecoded.filter(({ file }) => !known.has(file))];
  if (options.json) {
    const result = { ...evaluation, classifier: alone, ...about(subject), unreadable };
    console.log(JSON.stringify(result));
  } else {
    console.log(printable(lib.describeDetection(evaluation, data)));
    console.log(
      `\nthe classifier alone, on ${plural(alone.n, "labelled face")}`,
    );
    console.log(printable(lib.describeEvaluation(alone, data)));
  }
}

function judge(
  lib: Lib,
  { classifier: { model, info }, photos, groups }: Subject,
  images: ImageSet,
  indices: readonly number[],
) {
  const classes = options.task === "detection" ? info.classes : photos.classes;
  const part = options.part === "all" ? "the set" : `the ${options.part} part`;
  return lib.evaluateModel(model, images, indices, classes, { part, groups, onProgress });
}

function about({ classifier, photos: { leftOut, notes }, data }: Subject) {
  return { trainedOn: classifier.info.trainedOn, data, leftOut, notes };
}
