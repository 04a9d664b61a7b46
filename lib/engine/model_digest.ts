/** What a saved network is known by, and how its damage is noticed. Loads nothing. */

/** The part of a `model.json` that is read here. */
export interface SavedJson {
  userDefinedMetadata?: Record<string, unknown> & { sha256?: Digests };
}

/** SHA-256 of `model.json`, as {@linkcode digestModel} computes it, and of all weights; in hexadecimal. */
export interface Digests {
  "model.json": string;
  "weights.bin": string;
}

/**
 * Computes what a saved model is known by: a changed bit in the weights, or a changed value anywhere in
 * `model.json`, gives another digest. White space does not count.
 *
 * @param weights All weights, in the manifest's order.
 * @example
 * ```ts
 * import { digestModel } from "./model_digest.ts";
 *
 * const json = { userDefinedMetadata: { size: 128 } };
 * console.log(await digestModel(json, new Uint8Array(4)));
 * ```
 */
export async function digestModel(
  json: SavedJson,
  weights: BufferSource,
): Promise<Digests> {
  const { sha256: _, ...metadata } = json.userDefinedMetadata ?? {};
  const text = JSON.stringify({ ...json, userDefinedMetadata: metadata });
  const [own, ofWeights] = await Promise.all([
    crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)),
    crypto.subtle.digest("SHA-256", weights),
  ]);
  // Not Uint8Array's own toHex(), which Node 22 has not.
  const toHex = (digest: ArrayBuffer) =>
    Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { "model.json": toHex(own), "weights.bin": toHex(ofWeights) };
}

/**
 * Checks a model against the digests that it was saved with.
 *
 * @returns whether there are any: a model of other makers has none, and pages without https compute none
 * @throws {TypeError} if they differ; names the file
 */
export async function checkDigests(json: SavedJson, weights: BufferSource): Promise<boolean> {
  const saved = json.userDefinedMetadata?.sha256;
  if (saved === undefined || !crypto.subtle) return false;
  const found = await digestModel(json, weights);
  const advice = {
    "weights.bin": "copy the model again",
    "model.json": "copy the model again or, if you changed it yourself, remove sha256 from it",
  };
  for (const file of ["weights.bin", "model.json"] as const) {
    if (found[file] === saved?.[file]) continue;
    throw new TypeError(
      `${file} is not as it was saved: its SHA-256 is ${found[file]}, ` +
        `userDefinedMetadata.sha256 says ${JSON.stringify(saved?.[file]) ?? "nothing"}; ${
          advice[file]
        }`,
    );
  }
  return true;
}
