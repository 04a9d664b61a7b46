/** Describes the metrics of detection in words. */
import type { DetectionEvaluation, RankedResult } from "../evaluation/detection_metrics.ts";

/**
 * Describes the metrics of the detection chain in a few lines of text.
 *
 * @param data The evaluated data, in words.
 * @example
 * ```ts
 * import { describeDetection } from "./detection_report.ts";
 * import { evaluateDetections } from "../evaluation/detection_metrics.ts";
 *
 * const box = { left: 0, top: 0, width: 30, height: 30 };
 * const truths = [{ box, className: "with_mask" as const }];
 * const found = [{ box, label: "with_mask" as const, probability: 0.8, score: 0.9 }];
 * console.log(describeDetection(evaluateDetections([{ truths, found }]), "one photo"));
 * ```
 */
export function describeDetection(evaluation: DetectionEvaluation, data: string): string {
  const { mAP, mAP2, perClass, detector, countErrors, photos, faces, ignoredFaces } = evaluation;
  const figure = (value: number | null) => value?.toFixed(4) ?? "undefined";
  const line = (name: string, { averagePrecision, recall, precision, truths }: RankedResult) =>
    `${name.padEnd(22)}  ${figure(averagePrecision)}  ${figure(recall)}  ${
      figure(precision)
    }     ${truths}`;
  return [
    `mAP       ${figure(mAP)} at IoU 0.5, mAP2 ${figure(mAP2)}`,
    `photos    ${photos}, ${faces} faces, ${ignoredFaces} too small or difficult to count: ${data}`,
    "",
    `${"".padEnd(22)}  AP      recall  precision  n`,
    ...Object.entries(perClass).map(([className, result]) => line(className, result)),
    line("the detector alone", detector),
    "",
    "recall by pixels on the shorter side",
    ...detector.recallBySize.map(({ from, to, truths, recall }) =>
      `  ${`${from} to ${to ?? "any"}`.padEnd(10)}  ${figure(recall)}  n = ${truths}`
    ),
    "error of the counts, in faces per photo",
    ...Object.entries(countErrors).map(([what, error]) =>
      `  ${what.padEnd(22)}${error.toFixed(3)}`
    ),
  ].join("\n");
}
