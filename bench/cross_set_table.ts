/** Formats the cross-set comparison as a Markdown table. */

/** The result of one recipe on one test part. */
export interface Cell {
  /** The number of faces of two classes. */
  n: number;
  accuracy: number;
  interval: readonly [low: number, high: number];
  /** The number of faces of three classes, if the model and the test part have them. */
  n3?: number;
  macroF1?: number;
}

/** One recipe trained on one set. */
export interface Row {
  /** The settings, as text. */
  id: string;
  recipe: string;
  trainedOn: string;
  /** The number of photos or faces in training. */
  n: number;
  /** The index of the training set; undefined if all sets trained it. */
  own?: number;
  /** A cell per set, in order. */
  cells: Cell[];
}

/** Makes a Markdown table with a row per recipe and training set, and two columns per test part. */
export function describeCells(rows: readonly Row[], sets: readonly string[]): string {
  const head = ["recipe", "trained on", "n"];
  for (const set of sets) head.push(`${set}: two classes`, `three classes, macro-F1`);
  const lines = rows.map(({ recipe, trainedOn, n, own, cells }) => [
    recipe,
    trainedOn,
    String(n),
    ...cells.flatMap((cell, set) =>
      describeCell(cell, own === undefined ? undefined : cells[own], own === set)
    ),
  ]);
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function describeCell(cell: Cell, own: Cell | undefined, isOwn: boolean): [string, string] {
  const [low, high] = cell.interval.map((bound) => bound.toFixed(3));
  const drop = own && !isOwn ? `, ${points(cell.accuracy - own.accuracy)}` : isOwn ? ", own" : "";
  const two = `${cell.accuracy.toFixed(4)} (${low} to ${high}, n = ${cell.n}${drop})`;
  const three = cell.macroF1 === undefined ? "-" : `${cell.macroF1.toFixed(3)} (n = ${cell.n3})`;
  return [two, three];
}

/** Formats a difference of shares in percentage points. */
const points = (difference: number) =>
  `${difference < 0 ? "−" : "+"}${Math.abs(100 * difference).toFixed(1)} points`;
