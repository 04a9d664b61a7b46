/** A learning rate that falls. */

/**
 * Computes the share of the first learning rate that is left: from 1 at the start to 0 at the end, along
 * half a cosine wave.
 *
 * Source: Loshchilov and Hutter, 2017, SGDR, equation 5 without restarts, https://arxiv.org/abs/1608.03983
 *
 * @param done The share of the training that is done, 0..1.
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
