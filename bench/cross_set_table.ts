/** The cross-set comparison as a Markdown table. */

/** One recipe's answers on one test part. */
export interface Cell {
  /** Faces of two classes. */
  n: number;
  accuracy: number;
  interval: readonly [low: number, high: number];
  /** Faces of three classes, where model and test part have them. */
  n3?: number;
  macroF1?: number;
}

/** One recipe trained on one set. */
export interface Row {
  /** The settings, as text. */
  id: string;
  recipe: string;
  trainedOn: string;
  /** Photos or faces that trained it. */
  n: number;
  /** The index of the set that it was trained on, unless it was trained on all of them. */
  own?: number;
  /** A cell per set, in order. */
  cells: Cell[];
}

/** Makes a Markdown table: a row per recipe and training set, two columns per test part. */
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

/** A difference of shares in percentage points. */
const points = (difference: number) =>
  `${difference < 0 ? "−" : "+"}${Math.abs(100 * difference).toFixed(1)} points`;
