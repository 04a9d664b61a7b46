/**
 * Numbers to charts, and charts to what a notebook shows. A `chart…()` function gives a Vega-Lite
 * specification, which is plain data; a `show…()` function gives what Deno's Jupyter kernel shows; a
 * `watch…()` function shows work as it goes on. No TensorFlow, no files.
 */
export { chartClassCounts, chartScores } from "./bars.ts";
export { chartConfusion, chartProbabilities, chartRoc } from "./evaluation.ts";
export { chartHistory, watchTraining } from "./history.ts";
export {
  createLiveDisplay,
  display,
  type DisplayOptions,
  type LiveDisplay,
  watchProgress,
} from "./live.ts";
export { showPhotos } from "./photos.ts";
export { listenForInterrupts } from "./interrupts.ts";
export { renderSvg } from "./render.ts";
export {
  renderReport,
  type ReportContent,
  type ReportResult,
  type ReportSlice,
} from "./report_page.ts";
export {
  DISPLAY,
  type Displayable,
  type MimeBundle,
  type Picture,
  showChart,
  showImages,
  type ShowImagesOptions,
  showProgress,
} from "./show.ts";
export { chartReliability, chartThresholds } from "./trust.ts";
export type { ChartOptions } from "./style.ts";
