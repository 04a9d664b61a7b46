/** Computes a decreasing learning rate. */

/**
 * Computes the learning rate as a share of the initial one: from 1 to 0, along half a cosine wave.
 *
 * Source: Loshchilov and Hutter, 2017, SGDR, equation 5 without restarts, https://arxiv.org/abs/1608.03983
 *
 * @param done The completed share of the training, 0..1.
 * @example
 * ```ts
 * import { cosineDecay } from "./cosine_decay.ts";
 *
 * console.log(cosineDecay(0), cosineDecay(1)); // 1 0
 * ```
 */
export function cosineDecay(done: number): number {
  return (1 + Math.cos(Math.PI * done)) / 2;
}
