/**
 * The public surface, in the order of the walkthrough. Everything else in `lib/` may change at any time.
 *
 * @module
 */

// The words that all share
export {
  type Box,
  CLASSES,
  type ClassName,
  FACE_MARGIN,
  type History,
  type ImageSet,
  type OnProgress,
  plural,
  type Sample,
  type Task,
  type Unreadable,
} from "./types.ts";
export type { Photo, PixelSet } from "./photo.ts";
export { CLASS_STYLES } from "./class_style.ts";
export { seededRandom } from "./random.ts";

// Get the photos
export { type DataSource, getData, openData } from "./data/get_data.ts";
export { downloadDataset } from "./data/download.ts";
export { scanDataset } from "./data/scan_dataset.ts";

// Resize all photos and make arrays
export { loadImages } from "./images/load_images.ts";
export { decodeImage, decodePhoto, resizePhoto } from "./images/decode_image.ts";

// Find near-duplicates, and split
export { groupDuplicates } from "./data/duplicates.ts";
export { splitDataset } from "./data/split.ts";
export { SPLIT_SEED, splitPhotos } from "./data/split_photos.ts";
export { type LabelledPhotos, loadLabelledPhotos } from "./data/labelled_photos.ts";
export { correctLabels, readCorrections } from "./data/corrections.ts";

// Batches of floats
export { epochBatches, makeBatch, scaleImages, toLabels, unscaleImages } from "./model/batches.ts";
export { augmentBatch } from "./training/augment.ts";

// Build a network
export { tf } from "./engine/tensorflow.ts";
export { describeEngine, installKernels } from "./engine/kernels.ts";
export { buildCnn, describeModel } from "./model/cnn.ts";
export { buildTransferModel } from "./model/transfer.ts";

// Train
export { FINE_TUNING, RECIPES } from "./training/recipes.ts";
export type { TrainOptions, TrainResult } from "./training/train_options.ts";
export { trainModel } from "./training/train_model.ts";
export { repeatRare } from "./training/repeat_rare.ts";
export { undoRepeats } from "./evaluation/calibration.ts";
export { loadCheckpoint } from "./training/checkpoint.ts";
export { saveHistory } from "./training/save_history.ts";
export { startFrom } from "./training/start_from.ts";
export { listenForInterrupts } from "./charts/mod.ts";

// Evaluate
export { evaluateModel } from "./evaluation/evaluate_model.ts";
export { evaluateScores, type Evaluation, rankMistakes } from "./evaluation/metrics.ts";
export { rocCurves } from "./evaluation/roc.ts";
export { compareClassifiers } from "./evaluation/mcnemar.ts";
export { applyTemperature, fitTemperature, measureCalibration } from "./evaluation/calibration.ts";
export { sweepThresholds } from "./evaluation/thresholds.ts";
export { chooseUnsureBelow, measureCoverage } from "./evaluation/unsure.ts";
export { explainPredictions } from "./evaluation/grad_cam.ts";
export { findLabelErrors } from "./evaluation/label_errors.ts";
export { editSlices, measureSlices, turnSlices } from "./evaluation/slices.ts";
export { labelledSlices, readFaceKinds } from "./evaluation/labelled_slices.ts";
export { evaluateDetections } from "./evaluation/detection_metrics.ts";
export { judgePhotos } from "./evaluation/judge_photos.ts";
export { warnAboutPart } from "./evaluation/part_warnings.ts";

// Charts and words
export {
  chartClassCounts,
  chartConfusion,
  chartHistory,
  chartProbabilities,
  chartReliability,
  chartRoc,
  chartScores,
  chartThresholds,
  display,
  renderReport,
  renderSvg,
  showChart,
  showImages,
  showPhotos,
  watchProgress,
  watchTraining,
} from "./charts/mod.ts";
export {
  describeCoverage,
  describeDuplicates,
  describeEvaluation,
  describeProblems,
  describeSlices,
  showEvaluation,
} from "./charts/report.ts";
export { describeDetection } from "./charts/detection_report.ts";

// Save and load
export {
  checkModelFolder,
  type Classifier,
  loadClassifier,
  saveClassifier,
} from "./model/saved_model.ts";
export type { ModelInfo } from "./model/model_json.ts";

// Classify new images
export { type Prediction, toPredictions } from "./model/predictions.ts";
export type { MaskDetection } from "./inference/find_masks.ts";
export { type Detector, findFaces, MIN_SCORE } from "./detection/find_faces.ts";
export { loadDetector } from "./detection/detector.ts";
export { detectMasks } from "./inference/detect_masks.ts";
export {
  classifyCrops,
  classifyFile,
  detectFiles,
  type FileResult,
  markUnsure,
} from "./inference/predict_files.ts";
export { classifyCrop, predictImages } from "./model/predict_images.ts";
export { listFiles } from "./inference/list_files.ts";
export { formatHead, formatResult } from "./inference/result_lines.ts";
export { openResultFile } from "./inference/result_file.ts";
export { annotateFile, drawMarks } from "./inference/annotate.ts";

// Train the face detector
export { trainDetector } from "./training/train_detector.ts";
