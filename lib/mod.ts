/**
 * The public surface, in the order of the walkthrough: get the photos, look at what is there, split,
 * read, build, train, evaluate, draw, save, classify.
 */
export * from "./types.ts";
export * from "./random.ts";
export * from "./get_data.ts";
export * from "./download.ts";
export * from "./archive.ts";
export * from "./dataset.ts";
export * from "./duplicates.ts";
export * from "./split.ts";
export * from "./labelled_photos.ts";
export * from "./image.ts";
export * from "./engine.ts";
export * from "./kernels.ts";
export * from "./batches.ts";
export * from "./augment.ts";
export * from "./model.ts";
export * from "./transfer.ts";
export * from "./rare_class.ts";
export * from "./recipes.ts";
export * from "./checkpoint.ts";
export * from "./train.ts";
export * from "./metrics.ts";
export * from "./calibration.ts";
export * from "./thresholds.ts";
export * from "./compare.ts";
export * from "./grad_cam.ts";
export * from "./label_errors.ts";
export * from "./slices.ts";
export * from "./detection_metrics.ts";
export * from "./charts.ts";
export * from "./report.ts";
export * from "./saved_model.ts";
export * from "./predict.ts";
export * from "./detect.ts";
export * from "./train_detector.ts";
export * from "./judge_photos.ts";
export * from "./list_files.ts";
export * from "./predict_files.ts";
export * from "./result_lines.ts";
export * from "./result_file.ts";
export * from "./annotate.ts";
