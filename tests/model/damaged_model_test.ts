import { assert, assertEquals, assertGreater, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { tf } from "../../lib/engine/tensorflow.ts";
import { buildNetwork } from "../../lib/model/build_network.ts";
import { checkTopology } from "../../lib/model/check_topology.ts";
import { buildCnn } from "../../lib/model/cnn.ts";
import { countWeightBytes, type ModelJson, parseModelJson } from "../../lib/model/model_json.ts";
import { loadClassifier, saveClassifier } from "../../lib/model/saved_model.ts";
import { CLASSES } from "../../lib/types.ts";
import { assertNoLeak, withFolder } from "../fixtures/photos.ts";
import type { ModelReport } from "../mutations/model.ts";

const MUTATE = join(import.meta.dirname!, "../mutations/model.ts");
const SHIPPED = join(import.meta.dirname!, "../../models/face-mask");
/** Faults of each kind; 200 and more by hand now and then, with other seeds. */
const COUNT = Deno.env.get("MODEL_MUTATIONS") ?? "40";
const SEED = Deno.env.get("MODEL_SEED") ?? "1";

/** Copies the shipped model, changes its JSON, and gives the folder. */
async function withModel(
  change: (json: ModelJson) => void,
  use: (folder: string) => Promise<unknown>,
) {
  await withFolder(async (folder) => {
    const json = JSON.parse(await Deno.readTextFile(join(SHIPPED, "model.json")));
    change(json);
    await Deno.writeTextFile(join(folder, "model.json"), JSON.stringify(json));
    await Deno.copyFile(join(SHIPPED, "weights.bin"), join(folder, "weights.bin"));
    await use(folder);
  });
}

for (const [name, count] of [["shipped", COUNT], ["small", String(3 * Number(COUNT))]] as const) {
  Deno.test(`loadClassifier() notices ${count} seeded faults of each kind in the ${name} model`, async () => {
    await withFolder(async (folder) => {
      const source = name === "shipped" ? SHIPPED : folder;
      const model = buildCnn({ size: 24, seed: 1 });
      const info = { classes: CLASSES.binary, size: 24, trainedOn: "noise", margin: 0.1 };
      if (source === folder) await saveClassifier({ model, info }, folder);
      model.dispose();
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", MUTATE, source, count, SEED],
        signal: AbortSignal.timeout(60_000 + 3000 * Number(count)),
      });
      const { success, signal, stdout, stderr } = await child.output();
      const log = new TextDecoder().decode(stderr).trim().split("\n").slice(-3).join("\n");
      assert(success, `it crashed or hung (${signal}): ${log}`);
      const report: ModelReport = JSON.parse(new TextDecoder().decode(stdout));
      for (const outcomes of Object.values(report)) {
        assertEquals(outcomes.faults, []);
        assert(outcomes.slowestMs < 10_000, JSON.stringify(report));
      }
      // With digests nothing gets through: what is the same says the same.
      assertEquals([report.json.other, report.weights.other, report.weights.same], [0, 0, 0]);
      // Without them the graph is checked all the same.
      assertGreater(report.unsigned.refused, Number(count) / 3, JSON.stringify(report));
    });
  });
}

Deno.test("checkTopology() names what would hang, or take all memory", async () => {
  const text = await Deno.readTextFile(join(SHIPPED, "model.json"));
  const read = () => JSON.parse(text).modelTopology;
  checkTopology(read());
  // deno-lint-ignore no-explicit-any
  type Any = any;
  const cases: [name: string, change: (layers: Any[], config: Any) => void, message: string][] = [
    [
      "misspelt",
      (l) => l[2].inbound_nodes[0][0][0] += "~",
      "inbound_nodes[0][0] must be an existing layer",
    ],
    ["a cycle", (l) => l[2].inbound_nodes[0][0][0] = l[4].name, "without a cycle"],
    ["itself", (l) => l[2].inbound_nodes[0][0][0] = l[2].name, "without a cycle"],
    ["call 1", (l) => l[2].inbound_nodes[0][0][1] = 1, "a call of it"],
    ["call -1", (l) => l[2].inbound_nodes[0][0][1] = -1, "a call of it"],
    ["call null", (l) => l[2].inbound_nodes[0][0][1] = null, "a call of it"],
    ["unlinked", (l) => l[2].inbound_nodes = [], "a list of 1 to 100 calls"],
    ["no input", (l) => l[2].inbound_nodes = [[]], "a list of inputs"],
    ["twice", (l) => l[2].name = l[2].config.name = l[1].name, "unique among the layers"],
    ["two names", (l) => l[2].config.name = "x", 'layers[2].name must be "x"'],
    ["__proto__", (l) => l[2].name = l[2].config.name = "__proto__", "must be a name"],
    ["constructor", (l) => l[2].config.name = "constructor", "must be a name"],
    ["no layers", (_, c) => c.layers = [], "a list of 1 to 1000 layers"],
    ["many layers", (_, c) => c.layers = Array(1001).fill(c.layers[0]), "1 to 1000 layers"],
    ["many calls", (l) => {
      for (const it of l.slice(1, 40)) it.inbound_nodes = Array(99).fill(it.inbound_nodes[0]);
    }, "called at most 2000 times"],
    [
      "a call to nowhere",
      (l) => l[3].inbound_nodes.push(structuredClone(l[3].inbound_nodes[0])),
      "leads nowhere",
    ],
    ["a layer to nowhere", (l) => l[9].inbound_nodes = l[7].inbound_nodes, "leads nowhere"],
    ["no output", (_, c) => c.output_layers = [], "output_layers must be a list of one layer"],
    [
      "wrong output",
      (_, c) => c.output_layers[0][0] = "x",
      "output_layers[0] must be an existing layer",
    ],
    ["dilation 0", (l) => l[1].config.dilation_rate = [0, 0], "dilation_rate must be"],
    ["stride 0.5", (l) => l[1].config.strides = [0.5, 1], "strides must be"],
    ["many filters", (l) => l[1].config.filters = 1e9, "filters must be"],
    ["kernel", (l) => l[1].config.kernel_size = [3, 1e5], "kernel_size must be"],
    ["units", (l) => l.at(-1).config.units = -3, "units must be"],
    ["large input", (l) => l[0].config.batch_input_shape[1] = 1e6, "batch_input_shape must be"],
    ["batch of 2", (l) => l[0].config.batch_input_shape[0] = 2, "batch_input_shape must be"],
    ["class", (l) => l[2].class_name = 3, "class_name must be a text"],
    ["nested", (l) => {
      let network: Any = { class_name: "Sequential", config: { name: "n", layers: [l[1]] } };
      for (let i = 0; i < 9; i++) {
        network = { class_name: "Sequential", config: { name: "n", layers: [network] } };
      }
      Object.assign(l[2], network);
    }, "nested in fewer than 5"],
  ];
  for (const [, change, message] of cases) {
    const topology = read();
    change(topology.config.layers, topology.config);
    assertThrows(() => checkTopology(topology), TypeError, message);
  }
});

Deno.test("buildNetwork() refuses what takes too much memory or time, and leaves no tensor", async () => {
  const text = await Deno.readTextFile(join(SHIPPED, "model.json"));
  // deno-lint-ignore no-explicit-any
  type Any = any;
  const cases: [name: string, change: (layers: Any[], json: Any) => void, message: string][] = [
    ["other filters", (l) => l[1].config.filters = 4096, "which is not among the weights"],
    ["no weight", (_, json) => json.weightsManifest[0].weights.pop(), "is not among the weights"],
    ["an unknown layer", (l) => l[2].class_name = "Lambda", "Lambda"],
    ["an unknown activation", (l) => l[1].config.activation = "relu9", "relu9"],
    ["wide layers", (l) => {
      l[0].config.batch_input_shape = [null, 2048, 2048, 3];
      l[1].config.strides = [1, 1];
    }, "over 16777216 values"],
    ["much work", (l) => {
      l[0].config.batch_input_shape = [null, 1024, 1024, 3];
      for (const { config } of l) if (config.strides) config.strides = [1, 1];
      l[1].config.strides = [2, 2];
    }, "over"],
    ["another size", (l) => l[0].config.batch_input_shape = [null, 64, 64, 3], "size must be"],
    ["a margin", (_, json) => json.userDefinedMetadata.margin = 30, "margin must be 0 to 2"],
    ["no probabilities", (l) => l.at(-1).config.activation = "linear", "must be probabilities"],
  ];
  const bytes = await Deno.readFile(join(SHIPPED, "weights.bin"));
  for (const [, change, message] of cases) {
    const json = JSON.parse(text);
    delete json.userDefinedMetadata.sha256;
    change(json.modelTopology.config.layers, json);
    const checked = parseModelJson(JSON.stringify(json));
    const weights = bytes.buffer.slice(0, countWeightBytes(checked));
    await assertNoLeak(() =>
      assertRejects(() => buildNetwork(tf, checked, weights), Error, message)
    );
  }
});

Deno.test("loadClassifier() notices a bit, a reversed list, swapped weights and a margin", async () => {
  const cases: [name: string, change: (json: ModelJson) => void, message: string][] = [
    ["reversed", (json) => json.weightsManifest[0]!.weights.reverse(), "model.json is not as"],
    ["swapped", ({ weightsManifest: [group] }) => {
      const same = group!.weights.filter(({ shape }) => String(shape) === "32");
      [same[0]!.name, same[1]!.name] = [same[1]!.name, same[0]!.name];
    }, "model.json is not as it was saved"],
    ["margin", (json) => json.userDefinedMetadata!.margin = 0.2, "remove sha256 from it"],
    ["digest", (json) => json.userDefinedMetadata!.sha256 = {} as never, "says nothing"],
  ];
  for (const [, change, message] of cases) {
    await withModel(
      change,
      (folder) => assertRejects(() => loadClassifier(folder), Deno.errors.InvalidData, message),
    );
  }
  await withModel(() => {}, async (folder) => {
    const file = join(folder, "weights.bin");
    const bytes = await Deno.readFile(file);
    bytes[123_456]! ^= 1;
    await Deno.writeFile(file, bytes);
    const { message } = await assertRejects(() => loadClassifier(folder), Deno.errors.InvalidData);
    assert(message.includes("weights.bin is not as it was saved"), message);
  });
});

Deno.test("loadClassifier() says that a model of other makers has no digests, and loads it", async () => {
  await withModel((json) => delete json.userDefinedMetadata!.sha256, async (folder) => {
    const warnings: string[] = [];
    const { model } = await loadClassifier(folder, { onWarning: (text) => warnings.push(text) });
    model.dispose();
    assertEquals(warnings, [
      `${join(folder, "model.json")} has no sha256: damage to the model cannot be noticed`,
    ]);
    const file = join(folder, "weights.bin");
    const bytes = await Deno.readFile(file);
    new DataView(bytes.buffer).setFloat32(4000, NaN, true);
    await Deno.writeFile(file, bytes);
    await assertRejects(() => loadClassifier(folder), Deno.errors.InvalidData, "not finite");
  });
});

Deno.test("loadClassifier() takes weights in several files", async () => {
  await withModel((json) => {
    delete json.userDefinedMetadata!.sha256;
    json.weightsManifest[0]!.paths = ["group1-shard1of2.bin", "group1-shard2of2.bin"];
  }, async (folder) => {
    const bytes = await Deno.readFile(join(folder, "weights.bin"));
    await Deno.writeFile(join(folder, "group1-shard1of2.bin"), bytes.subarray(0, 4_000_000));
    await Deno.writeFile(join(folder, "group1-shard2of2.bin"), bytes.subarray(4_000_000));
    const { model } = await loadClassifier(folder, { onWarning() {} });
    model.dispose();
  });
});

Deno.test({
  name: "loadClassifier() reads nothing but regular files of the right size",
  ignore: Deno.build.os === "windows",
  async fn() {
    const replace = async (file: string, how: string) => {
      await Deno.remove(file);
      const make: Record<string, [string, ...string[]]> = {
        fifo: ["mkfifo", file],
        "/dev/zero": ["ln", "-s", "/dev/zero", file],
        "/dev/stdin": ["ln", "-s", "/dev/stdin", file],
        sparse: ["truncate", "-s", "20G", file],
        folder: ["mkdir", file],
        empty: ["touch", file],
        dangling: ["ln", "-s", "nothing", file],
      };
      const [program, ...args] = make[how]!;
      await new Deno.Command(program, { args }).output();
    };
    for (const name of ["model.json", "weights.bin"]) {
      for (
        const how of ["fifo", "/dev/zero", "/dev/stdin", "sparse", "folder", "empty", "dangling"]
      ) {
        await withModel(() => {}, async (folder) => {
          await replace(join(folder, name), how);
          const began = performance.now();
          await assertRejects(() => loadClassifier(folder), Error, folder);
          assert(performance.now() - began < 5000);
        });
      }
    }
    // A manifest that says so does not help.
    await withModel(
      (json) => json.weightsManifest[0]!.weights[0]!.shape = [5e9],
      async (folder) => {
        await replace(join(folder, "weights.bin"), "sparse");
        await assertRejects(() => loadClassifier(folder), Deno.errors.InvalidData, "weights");
      },
    );
    // A link to a regular file is one.
    await withModel(() => {}, async (folder) => {
      for (const name of ["model.json", "weights.bin"]) {
        await Deno.rename(join(folder, name), join(folder, `blob-${name}`));
        await Deno.symlink(`blob-${name}`, join(folder, name));
      }
      (await loadClassifier(folder)).model.dispose();
    });
  },
});
