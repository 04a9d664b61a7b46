/** The SSD as the network that finds faces. */
import type { NamedTensorMap } from "@tensorflow/tfjs-core";
import { correctBox } from "./correct_box.ts";
import { decodeHeads } from "./decode_heads.ts";
import type { FaceNetwork } from "./face_network.ts";
import {
  buildSsd,
  disposeSsd,
  type Engine,
  makeRunLayer,
  type RunLayer,
  runSsd,
  type Ssd,
} from "./ssd.ts";

/** The network, and its layers for those who train more of them. */
export interface SsdNetwork extends FaceNetwork {
  ssd: Ssd;
  runLayer: RunLayer;
}

/**
 * Builds the network from its weights.
 *
 * @param weights By name, as face-api and `models/second_look` have them; are left as they are.
 * @param runLayer A quicker way to run a layer on this engine. @default what every engine has
 * @throws {Error} if a weight is missing
 */
export function createSsdNetwork(
  tf: Engine,
  weights: NamedTensorMap,
  runLayer: RunLayer = makeRunLayer(tf),
): SsdNetwork {
  const ssd = buildSsd(tf, weights);
  return {
    ssd,
    runLayer,
    async findBoxes(x, minScore) {
      const boxes = decodeHeads(await runSsd(tf, ssd, x, runLayer), minScore);
      const isCorrected = (grid: number) => grid === 0 && ssd.secondLook !== undefined;
      return boxes.map(({ grid, ...box }) => isCorrected(grid) ? box : correctBox(box));
    },
    dispose: () => disposeSsd(ssd),
  };
}
