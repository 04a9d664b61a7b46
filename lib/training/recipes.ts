/** Defines how to build and train each of the project's networks: see `deno task train --recipe`. */
import type { LayersModel } from "@tensorflow/tfjs-node";
import type { AugmentOptions } from "./augment.ts";
import { buildCnn } from "../model/cnn.ts";
import type { TrainOptions } from "./train_options.ts";
import { buildTransferModel } from "../model/transfer.ts";

/** A network, and its training options. */
export interface Recipe {
  /** A short description for users. */
  description: string;
  /** Builds the network, uncompiled; the caller disposes it. Rejects with the errors of `buildCnn`. */
  build(options: { size: number; classes: number; seed: number }): Promise<LayersModel>;
  training: Required<Pick<TrainOptions, "epochs" | "learningRate" | "keep">> & {
    augment: AugmentOptions;
  };
  /** Whether the shipped model is the teacher. @default false */
  isTaught?: boolean;
  /** Whether `repeatRare` repeats the photos of rare classes. @default false */
  repeatsRare?: boolean;
  /** A folder of `models/` whose model is the starting point. @default none */
  startsFrom?: string;
}

/** The name of a recipe. */
export type RecipeName = "cnn" | "cnn-taught" | "transfer" | "shipped";

/** The recipe to train a model further on other photos: see `startFrom`. */
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
    description: "the walkthrough's CNN, distilled from the shipped model",
    // Augmentation and soft labels prevent overfitting: dropout is not needed.
    build: (options) => Promise.try(buildCnn, { ...options, dropout: 0 }),
    training: {
      epochs: 80,
      learningRate: 1e-3,
      keep: "last",
      // Few photos have small or off-centre faces, and dense layers do not generalise over positions.
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
    description: "the shipped model: as transfer, starting from models/face-mask-open",
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
