import { assertEquals, assertMatch } from "@std/assert";
import { engineReport, tf } from "../../lib/engine/tensorflow.ts";

Deno.test("tf runs on the native backend", () => {
  assertEquals(tf.getBackend(), "tensorflow");
  const product = tf.tidy(() => tf.matMul([[1, 2], [3, 4]], [[5, 6], [7, 8]]).arraySync());
  assertEquals(product, [[19, 22], [43, 50]]);
});

Deno.test("engineReport() names both versions", () => {
  assertEquals(engineReport().tfjsNode, "4.22.0");
  assertMatch(engineReport().libtensorflow, /^\d+\.\d+\.\d+/);
});

/** What loading the engine and one product write to stderr. */
async function loadingNoise(level?: string): Promise<string> {
  const script = `import { tf } from ${
    JSON.stringify(import.meta.resolve("../../lib/engine/tensorflow.ts"))
  };
    tf.matMul([[1]], [[2]]).dispose();`;
  const file = await Deno.makeTempFile({ suffix: ".ts", dir: import.meta.dirname });
  try {
    await Deno.writeTextFile(file, script);
    const env: Record<string, string> = level === undefined ? {} : { TF_CPP_MIN_LOG_LEVEL: level };
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", file],
      env,
    }).output();
    assertEquals(success, true);
    return new TextDecoder().decode(stderr);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("tf loads without log noise, unless the user asks for it", async () => {
  assertEquals(await loadingNoise(), "");
  // The greeting is of newer libraries; the prebuilt 2.9.1 has another one.
  assertMatch(await loadingNoise("0"), /oneDNN|optimized/);
});
