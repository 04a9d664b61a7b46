/**
 * Draws charts and shows them in notebooks. A `chart…()` function returns a Vega-Lite specification, which is
 * plain data. A `show…()` function returns a value that Deno's Jupyter kernel shows. A `watch…()` function shows
 * progress.
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
