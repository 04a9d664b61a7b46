import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { join } from "node:path";
import type { Report } from "./mutations/feed.ts";

const FEED = join(import.meta.dirname!, "mutations/feed.ts");
/** What four photos of the largest size that is read take at once; without a limit it is 12 GB for one. */
const MAX_GROWN_BYTES = 800e6;
/** To be changed by hand now and then: each seed makes other files. */
const SEED = 1000;

for (const [kind, count] of Object.entries({ jpeg: 800, png: 600, xml: 600, zip: 200 })) {
  Deno.test(`${count} mutated ${kind} files are read whole, or refused by name`, async () => {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", FEED, kind, String(count), String(SEED)],
      signal: AbortSignal.timeout(120_000),
    });
    const { success, signal, stdout, stderr } = await child.output();
    assert(success, `it crashed or hung (${signal}): ${new TextDecoder().decode(stderr)}`);
    const report: Report = JSON.parse(new TextDecoder().decode(stdout));
    assertEquals(report.faults, []);
    assertEquals(report.accepted + report.refused, count);
    // Neither is a matter of course: then the mutations would try nothing.
    assertGreater(report.accepted, count / 20, JSON.stringify(report));
    assertGreater(report.refused, count / 5, JSON.stringify(report));
    assertLess(report.grownBytes, MAX_GROWN_BYTES);
  });
}
