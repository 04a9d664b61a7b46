import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { buildCnn } from "../../lib/model/cnn.ts";
import { predictImages } from "../../lib/model/predict_images.ts";
import { checkModelFolder, loadClassifier, saveClassifier } from "../../lib/model/saved_model.ts";
import { CLASSES } from "../../lib/types.ts";
import { assertNoLeak, makeImageSet, withFolder } from "../fixtures/photos.ts";

const images = makeImageSet(3, 24);
const info = { classes: CLASSES.binary, size: 24, trainedOn: "noise", margin: undefined };

async function saveOne(folder: string, seed = 1): Promise<Float32Array> {
  const model = buildCnn({ size: 24, seed });
  await saveClassifier({ model, info }, folder);
  const scores = await predictImages(model, images);
  model.dispose();
  return scores;
}

Deno.test("loadClassifier() gives back what saveClassifier() saved", async () => {
  await withFolder(async (folder) => {
    await assertNoLeak(async () => {
      const scores = await saveOne(join(folder, "deep/model"));
      const loaded = await loadClassifier(join(folder, "deep/model"));
      assertEquals(await predictImages(loaded.model, images), scores);
      assertEquals([loaded.info.classes, loaded.info.size, loaded.info.trainedOn], [
        CLASSES.binary,
        24,
        "noise",
      ]);
      assertEquals(loaded.info.margin, undefined);
      loaded.model.dispose();
    });
    assertEquals(
      (await Array.fromAsync(Deno.readDir(join(folder, "deep")))).map((entry) => entry.name),
      ["model"],
    );
  });
});

Deno.test("saveClassifier() replaces a model, and keeps other files and folders", async () => {
  await withFolder(async (folder) => {
    await saveOne(join(folder, "model"), 1);
    await Deno.writeTextFile(join(folder, "model/README.md"), "a card");
    await Deno.mkdir(join(folder, "model/onnx"));
    await Deno.writeTextFile(join(folder, "model/onnx/model.onnx"), "exported");
    const scores = await saveOne(join(folder, "model"), 2);
    const { model } = await loadClassifier(join(folder, "model"));
    assertEquals(await predictImages(model, images), scores);
    model.dispose();
    assertEquals(await Deno.readTextFile(join(folder, "model/README.md")), "a card");
    assertEquals(await Deno.readTextFile(join(folder, "model/onnx/model.onnx")), "exported");
    await Deno.writeTextFile(join(folder, "letter.txt"), "dear");
    await assertRejects(() => saveOne(folder), Deno.errors.AlreadyExists, "holds no saved model");
  });
});

Deno.test("checkModelFolder() refuses what cannot hold a model, and leaves nothing", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "file");
    await Deno.writeTextFile(file, "");
    await assertRejects(
      () => checkModelFolder(file),
      Deno.errors.AlreadyExists,
      "is not a folder",
    );
    await assertRejects(() => checkModelFolder(folder), Deno.errors.AlreadyExists, "but file");
    await assertRejects(
      () => checkModelFolder(join(file, "model")),
      Deno.errors.AlreadyExists,
      "is not a folder",
    );
    const long = "a".repeat(256); // no name may have more than 255 bytes
    await assertRejects(() => checkModelFolder(join(folder, long)), Error, long);
    assertEquals(await checkModelFolder(join(folder, "model")), join(folder, "model"));
    assertEquals(await Array.fromAsync(Deno.readDir(folder), ({ name }) => name), ["file"]);
  });
});

Deno.test("loadClassifier() says which file or field is wrong", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "model.json");
    await assertRejects(() => loadClassifier(folder), Deno.errors.NotFound, "model.json");
    await saveOne(folder);
    const signed = await Deno.readTextFile(file);
    const whole = signed.replace(/,"sha256":\{[^}]*\}/, "");
    assertEquals(signed === whole, false);
    const cases: [string, string][] = [
      [whole.slice(0, 200), "damaged"],
      ["{}", "modelTopology must be an object, got nothing"],
      ["null", "modelTopology must be an object, got nothing"],
      [whole.replace('"weights":[', '"weights":[null,'), "weights[0].name must be"],
      [whole.replace('"shape":[3,3,3', '"shape":[-3,-3,3'), "weights[0].shape must be"],
      [whole.replace('"userDefinedMetadata"', '"somethingElse"'), "classes"],
      [whole.replace('"without_mask","with_mask"', '"cat","dog"'), "classes"],
      [whole.replace('"with_mask"]', '"with_mask","mask_weared_incorrect"]'), "the output [1]"],
      [whole.replace('"size":24', '"size":32'), "size"],
      [whole.replace('"size":24', '"size":"24"'), "size"],
      [whole.replace(/"trainedOn":"[^"]*"/, '"trainedOn":7'), "trainedOn"],
      [whole.replace('"size":24', '"size":24,"margin":"wide"'), "margin"],
      [whole.replace('"size":24', '"size":24,"unsureBelow":1.5'), "unsureBelow"],
      [whole.replace('"preprocessing":"RGB', '"preprocessing":"BGR'), "preprocessing"],
    ];
    for (const [text, message] of cases) {
      assertEquals(text === whole, false, message);
      await Deno.writeTextFile(file, text);
      await assertNoLeak(() =>
        assertRejects(() => loadClassifier(folder), Deno.errors.InvalidData, message)
      );
    }
    await Deno.writeTextFile(file, whole);
    await Deno.truncate(join(folder, "weights.bin"), 100);
    await assertNoLeak(() =>
      assertRejects(() => loadClassifier(folder), Deno.errors.InvalidData, "damaged")
    );
  });
});
