/** The SSD as the network that finds faces. */
import type { NamedTensorMap, Tensor } from "@tensorflow/tfjs-core";
import { correctBox } from "./correct_box.ts";
import { decodeHeads } from "./decode_heads.ts";
import type { FaceNetwork } from "./face_network.ts";
import { readWeights } from "./read_weights.ts";
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
 * Loads the network's weights and builds it.
 *
 * @param manifests Addresses of the files that say what the weights are: face-api's, then perhaps those of
 * `models/second_look`.
 * @param runLayer A quicker way to run a layer on this engine. @default what every engine has
 * @throws {Error} if a file is missing or damaged, or a weight is missing
 */
export async function loadSsdNetwork(
  tf: Engine & Parameters<typeof readWeights>[0],
  manifests: readonly URL[],
  runLayer: RunLayer = makeRunLayer(tf),
): Promise<SsdNetwork> {
  const weights: NamedTensorMap = {};
  try {
    for (const manifest of manifests) Object.assign(weights, await readWeights(tf, manifest));
    // In a tidy, nothing is left behind where a weight is missing.
    const ssd = tf.tidy(() => buildSsd(tf, weights) as unknown as Tensor) as unknown as Ssd;
    return makeNetwork(tf, ssd, runLayer);
  } finally {
    tf.dispose(weights);
  }
}

function makeNetwork(tf: Engine, ssd: Ssd, runLayer: RunLayer): SsdNetwork {
  const isCorrected = (grid: number) => grid === 0 && ssd.secondLook !== undefined;
  return {
    ssd,
    runLayer,
    async findBoxes(x, minScore) {
      const boxes = decodeHeads(await runSsd(tf, ssd, x, runLayer), minScore);
      return boxes.map(({ grid, ...box }) => isCorrected(grid) ? box : correctBox(box));
    },
    dispose: () => disposeSsd(ssd),
  };
}
