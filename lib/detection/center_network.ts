/** A network that says where the centres of faces are, as the one that finds faces. Loads nothing itself. */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { decodeCenters } from "./decode_centers.ts";
import type { FaceNetwork } from "./face_network.ts";

/**
 * Puts layers to work as the network that finds faces.
 *
 * @param model Of the inputs and outputs of `buildCenterFace`; is disposed with the network.
 */
export function createCenterNetwork(model: LayersModel): FaceNetwork {
  return {
    async findBoxes(x, minScore) {
      const outputs = model.predictOnBatch(x) as Tensor[];
      try {
        const [heat, sizes, offsets] = await Promise.all(
          outputs.map((output) => output.data<"float32">()),
        ) as [Float32Array, Float32Array, Float32Array];
        return decodeCenters({ columns: outputs[0]!.shape[2]!, heat, sizes, offsets }, minScore);
      } finally {
        for (const output of outputs) output.dispose();
      }
    },
    dispose: () => void model.dispose(),
  };
}
