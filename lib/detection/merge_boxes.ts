/** From the boxes of a photo to one per face. Plain arithmetic. */
import { boxIou, clipBox, type Size } from "../boxes.ts";
import type { Box } from "../types.ts";
import type { FaceBox } from "./face_network.ts";

/** Boxes that overlap by this share or more show one face. */
const SAME_FACE = 0.4;
/** Boxes that overlap by this share or more with the surest one have a say in where it lies. */
const HAS_A_SAY = 0.5;

/**
 * Leaves one box for each face: the surest, whose sides become the mean of those of the boxes that it
 * suppresses and overlaps well, weighted by their scores.
 *
 * Source: non-maximum suppression with the box voting of S. Gidaris and N. Komodakis, 2015, section 4,
 * https://arxiv.org/abs/1505.01749.
 *
 * @returns boxes cut to the photo, the surest first
 */
export function mergeBoxes(
  boxes: readonly FaceBox[],
  photo: Size,
): FaceBox[] {
  let waiting = boxes.toSorted((a, b) => b.score - a.score);
  const merged: FaceBox[] = [];
  while (waiting.length > 0) {
    const surest = waiting[0]!;
    const overlaps = waiting.map((box) => boxIou(surest, box));
    const voters = waiting.filter((_, i) => i === 0 || overlaps[i]! >= HAS_A_SAY);
    const votes = voters.reduce((sum, { score }) => sum + score, 0);
    const vote = (side: keyof Box) =>
      voters.reduce((sum, box) => sum + box.score * box[side], 0) / votes;
    const [left, top] = [vote("left"), vote("top")];
    const cut = clipBox({ left, top, width: vote("width"), height: vote("height") }, photo);
    if (cut.width >= 1 && cut.height >= 1) merged.push({ ...cut, score: surest.score });
    waiting = waiting.filter((_, i) => i > 0 && overlaps[i]! < SAME_FACE);
  }
  return merged;
}
