/** How each of the project's networks is made; `deno task train --recipe` makes it again. */
import type { LayersModel } from "@tensorflow/tfjs-node";
import type { AugmentOptions } from "./augment.ts";
import { buildCnn } from "../model/cnn.ts";
import type { TrainOptions } from "./train_options.ts";
import { buildTransferModel } from "../model/transfer.ts";

/** A network and the way it is trained. */
export interface Recipe {
  /** In a few words, for those who choose. */
  description: string;
  /** Builds it, uncompiled; the caller disposes it. Rejects with what `buildCnn` throws. */
  build(options: { size: number; classes: number; seed: number }): Promise<LayersModel>;
  training: Required<Pick<TrainOptions, "epochs" | "learningRate" | "keep">> & {
    augment: AugmentOptions;
  };
  /** Whether the model that ships is its teacher, as `trainModel` takes one. @default false */
  isTaught?: boolean;
  /** Whether `repeatRare` repeats the photos of rare classes. @default false */
  repeatsRare?: boolean;
  /** A folder of `models/`: the network starts from the model there instead. @default none */
  startsFrom?: string;
}

/** The name of a recipe. */
export type RecipeName = "cnn" | "cnn-taught" | "transfer" | "shipped";

/** How a trained model is trained further, on photos of one's own: see `startFrom`. */
export const FINE_TUNING: Omit<Recipe, "build"> = {
  description: "a saved model, trained further",
  training: { epochs: 12, learningRate: 1e-4, keep: "last", augment: {} },
  repeatsRare: true,
};

/** The recipes by name. */
export const RECIPES: Readonly<Record<RecipeName, Recipe>> = {
  cnn: {
    description: "the walkthrough's CNN, from scratch",
    build: (options) => Promise.try(buildCnn, options),
    training: {
      epochs: 24,
      learningRate: 1e-3,
      keep: "best",
      // More than this is too much for a small network in so few epochs.
      augment: { rotation: 0, zoom: 0.15, shift: 0, colour: 0, blur: 0, jpeg: 0, cutOut: 0 },
    },
  },
  "cnn-taught": {
    description: "the walkthrough's CNN, taught at length by the model that ships",
    // Photos that are never shown twice alike, and soft answers, leave little to learn by heart.
    build: (options) => Promise.try(buildCnn, { ...options, dropout: 0 }),
    training: {
      epochs: 80,
      learningRate: 1e-3,
      keep: "last",
      // In few photos the face is small, or aside, and a flattened picture is learned place by place.
      augment: { zoom: 0.4, shift: 0.12 },
    },
    isTaught: true,
  },
  transfer: {
    description: "a MobileNet that starts from a face detector's weights",
    build: buildTransferModel,
    training: {
      epochs: 12,
      learningRate: 3e-4,
      keep: "last",
      augment: { lying: 0.1, heads: 0.25, light: 0.25 },
    },
    repeatsRare: true,
  },
  shipped: {
    description: "the model that ships: the same, from models/face-mask-open on",
    build: buildTransferModel,
    training: {
      epochs: 8,
      learningRate: 3e-4,
      keep: "last",
      augment: { lying: 0.1, heads: 0.25, light: 0.25 },
    },
    repeatsRare: true,
    startsFrom: "face-mask-open",
  },
};
