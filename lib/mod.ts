/**
 * The public surface, in the order of the walkthrough: get the photos, look at what is there, split,
 * read, build, train, evaluate, draw, save, classify.
 */
export * from "./types.ts";
export * from "./photo.ts";
export * from "./boxes.ts";
export * from "./random.ts";
export * from "./data/get_data.ts";
export * from "./data/download.ts";
export * from "./data/archive.ts";
export * from "./data/scan_dataset.ts";
export * from "./data/select_samples.ts";
export type { Dataset, ScanOptions } from "./data/dataset.ts";
export * from "./data/duplicates.ts";
export { hashImage } from "./data/hash_image.ts";
export type { NearPair } from "./data/near_duplicates.ts";
export * from "./data/split.ts";
export * from "./data/labelled_photos.ts";
export {
  type Corrected,
  correctLabels,
  type LabelCorrection,
  readCorrections,
} from "./data/corrections.ts";
export * from "./data/split_photos.ts";
export * from "./images/decode_image.ts";
export * from "./images/load_images.ts";
export * from "./engine/tensorflow.ts";
export * from "./engine/kernels.ts";
export * from "./model/batches.ts";
export * from "./training/augment.ts";
export * from "./model/cnn.ts";
export * from "./model/transfer.ts";
export { type RepeatOptions, repeatRare } from "./training/repeat_rare.ts";
export * from "./training/recipes.ts";
export * from "./training/checkpoint.ts";
export * from "./training/save_history.ts";
export * from "./training/start_from.ts";
export * from "./training/train_options.ts";
export * from "./training/train_model.ts";
export * from "./evaluation/evaluate_model.ts";
export * from "./evaluation/part_warnings.ts";
export * from "./evaluation/metrics.ts";
export * from "./evaluation/roc.ts";
export * from "./evaluation/calibration.ts";
export * from "./evaluation/thresholds.ts";
export { chooseUnsureBelow, type Coverage, measureCoverage } from "./evaluation/unsure.ts";
export * from "./evaluation/mcnemar.ts";
export * from "./evaluation/grad_cam.ts";
export * from "./evaluation/label_errors.ts";
export * from "./evaluation/slices.ts";
export { type FaceKinds, labelledSlices, readFaceKinds } from "./evaluation/labelled_slices.ts";
export * from "./evaluation/judge_detections.ts";
export * from "./evaluation/detection_metrics.ts";
export * from "./charts/mod.ts";
export * from "./charts/detection_report.ts";
export * from "./charts/report.ts";
export * from "./model/saved_model.ts";
export * from "./model/predictions.ts";
export * from "./model/predict_images.ts";
export * from "./detection/detector.ts";
export type { FaceBox } from "./detection/face_network.ts";
export * from "./inference/detect_masks.ts";
export { createDetector } from "./detection/find_faces.ts";
export { createCenterNetwork } from "./detection/center_network.ts";
export { startFromOnnx } from "./training/center_face.ts";
export * from "./training/train_detector.ts";
export * from "./evaluation/judge_photos.ts";
export * from "./inference/list_files.ts";
export * from "./inference/predict_files.ts";
export * from "./inference/result_lines.ts";
export * from "./inference/result_file.ts";
export * from "./inference/annotate.ts";
