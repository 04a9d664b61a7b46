import { assertAlmostEquals } from "@std/assert";
import { cosineDecay } from "../../lib/training/cosine_decay.ts";

Deno.test("cosineDecay() falls from 1 to 0 along half a wave", () => {
  for (const [done, share] of [[0, 1], [1 / 3, 0.75], [0.5, 0.5], [2 / 3, 0.25], [1, 0]] as const) {
    assertAlmostEquals(cosineDecay(done), share, 1e-12);
  }
});
