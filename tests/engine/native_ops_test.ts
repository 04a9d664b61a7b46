import { assertEquals, assertThrows } from "@std/assert";
import { tf } from "../../lib/engine/tensorflow.ts";
import { bytesToFloats, FLOAT, runOp } from "../../lib/engine/native_ops.ts";
import { assertNoLeak } from "../fixtures/photos.ts";

Deno.test("bytesToFloats() rounds as JavaScript does", async () => {
  await assertNoLeak(() => {
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const floats = bytesToFloats(bytes, [2, 128], 255);
    assertEquals(floats.shape, [2, 128]);
    assertEquals(floats.dataSync(), Float32Array.from(bytes, (byte) => byte / 255));
    floats.dispose();
  });
});

Deno.test("runOp() runs an op by its name, and says so if there is none", () => {
  tf.tidy(() => {
    const [half, threeQuarters] = runOp("Softsign", [FLOAT], [tf.tensor1d([1, 3])]).dataSync();
    assertEquals([half, threeQuarters], [0.5, 0.75]);
    assertThrows(() => runOp("NoSuchOp", [FLOAT], [tf.tensor1d([1])]), Error, "NoSuchOp");
  });
});
