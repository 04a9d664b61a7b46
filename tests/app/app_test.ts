/** The page in a real Chromium, driven by Playwright. */
import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { join } from "node:path";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { CLASS_STYLES } from "../../lib/class_style.ts";
import { loadDetector } from "../../lib/detection/detector.ts";
import { detectMasks, type MaskDetection } from "../../lib/inference/detect_masks.ts";
import { boxIou } from "../../lib/boxes.ts";
import { tf } from "../../lib/engine/tensorflow.ts";
import { type Classifier, loadClassifier, saveClassifier } from "../../lib/model/saved_model.ts";
import { CLASSES, type ClassName } from "../../lib/types.ts";
import { groupPhoto } from "../fixtures/group_photos.ts";
import { HAS_CHROMIUM, openPage, withPage } from "../fixtures/page.ts";

/** Layers as the shipped model has them; random weights that are seldom sure, and give several labels. */
async function saveRandomClassifier(folder: string): Promise<Classifier> {
  const init = (seed: number, stddev: number) => tf.initializers.randomNormal({ seed, stddev });
  const size = 64;
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({
        inputShape: [size, size, 3],
        filters: 8,
        kernelSize: 3,
        strides: 2,
        padding: "same",
        kernelInitializer: init(11, 0.4),
      }),
      tf.layers.reLU({ maxValue: 6 }),
      tf.layers.depthwiseConv2d({
        kernelSize: 3,
        strides: 2,
        padding: "same",
        depthwiseInitializer: init(12, 0.4),
      }),
      tf.layers.conv2d({
        filters: 16,
        kernelSize: 1,
        activation: "relu",
        kernelInitializer: init(13, 0.5),
      }),
      tf.layers.globalAveragePooling2d({ dataFormat: "channelsLast" }),
      tf.layers.dense({ units: 3, activation: "softmax", kernelInitializer: init(14, 6) }),
    ],
  });
  const output = model.layers.at(-1)!;
  output.setWeights([output.getWeights()[0]!, tf.tensor1d([0, 0, -0.7])]);
  const classes = CLASSES["three-class"];
  await saveClassifier(
    { model, info: { classes, size, margin: 0.15, trainedOn: "nothing" } },
    folder,
  );
  model.dispose();
  return await loadClassifier(folder);
}

/** The faces that the page lists for a photo. */
async function readFaces(page: Page, photo: string): Promise<MaskDetection[]> {
  const card = page.getByRole("article").filter({
    has: page.getByRole("heading", { name: photo }),
  });
  await card.getByText(/\d faces?:/).first().waitFor();
  const lines = await card.locator("li").allTextContents();
  return lines.map((line) => {
    const match = /^([\w ]+) (\d+)%, (\d+) × (\d+) pixels at (\d+), (\d+)$/.exec(line)!;
    const [percent, width, height, left, top] = match.slice(2).map(Number) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const label = Object.keys(CLASS_STYLES).find((name) =>
      CLASS_STYLES[name as ClassName].short === match[1]
    );
    return {
      label: label as ClassName,
      probability: percent / 100,
      score: NaN,
      box: { left, top, width, height },
    };
  });
}

Deno.test({
  name: "the page finds on photos and camera what the native engine finds, and lets nothing out",
  ignore: !HAS_CHROMIUM,
}, async (test) => {
  const model = await Deno.makeTempDir();
  const classifier = await saveRandomClassifier(model);
  const detector = await loadDetector();
  try {
    await withPage(async ({ context, url, folder }) => {
      const requests: string[] = [], complaints: string[] = [];
      context.on("request", (request) => requests.push(request.url()));
      context.on("console", (message) => complaints.push(message.text()));
      context.on("weberror", (problem) => complaints.push(problem.error().message));
      const page = await openPage(context, url);
      const labels: ClassName[] = [];

      for (const photo of ["sample4.jpg", "sample6.jpg"]) {
        await test.step(`${photo}: the boxes, labels and probabilities of detectMasks()`, async () => {
          const expected = await detectMasks(detector, classifier, groupPhoto(photo));
          assertEquals(expected.length, 4);
          await page.getByLabel("Choose photos").setInputFiles(groupPhoto(photo));
          const found = await readFaces(page, photo);
          labels.push(...found.map(({ label }) => label));
          assertEquals(found.map(({ label }) => label), expected.map(({ label }) => label));
          for (const [i, { box, probability }] of expected.entries()) {
            assertGreater(boxIou(found[i]!.box, box), 0.95);
            assert(
              Math.abs(found[i]!.probability - probability) <= 0.02,
              `${probability}, ${found[i]!.probability}`,
            );
          }
        });
      }

      assertGreater(new Set(labels).size, 1);

      await test.step("a file that is no photo is one message, and the others stay", async () => {
        const notes = join(folder, "notes.jpg");
        await Deno.writeTextFile(notes, "no photo");
        await page.getByLabel("Choose photos").setInputFiles(notes);
        await page.getByText("This file cannot be read: it is not a photo, or it is damaged")
          .waitFor();
        assertMatch(
          await page.getByRole("status").textContent() ?? "",
          /^2 photos, 8 faces: .*; 1 file cannot be read$/,
        );
        await page.getByRole("button", { name: "Remove notes.jpg" }).click();
      });

      await test.step("the keyboard alone chooses, filters, saves and removes", async () => {
        const page = await openPage(context, url);
        const press = async (...keys: string[]) => {
          for (const key of keys) await page.keyboard.press(key);
        };
        const focus = page.locator(":focus");
        const chooser = page.waitForEvent("filechooser");
        await press("Tab");
        assertEquals(await focus.getAttribute("id"), "files");
        await press("Enter");
        await (await chooser).setFiles(groupPhoto("sample2.jpg"));
        await page.getByText("1 photo, 3 faces").waitFor();

        await press("Tab", "Tab", "End");
        await page.getByText("at least 90% certain").waitFor();
        await page.getByText("1 photo, 3 faces").waitFor({ state: "hidden" });
        await press("Home");
        await page.getByText(/1 photo, \d+ faces/).waitFor();
        await press("Tab", "Tab");
        assertEquals(await focus.textContent(), "Remove all");
        await press("Tab", "Enter");
        assert(await page.getByRole("listitem").count() >= 3);
        const [download] = await Promise.all([
          page.waitForEvent("download"),
          press("Tab", "Enter"),
        ]);
        assertEquals(download.suggestedFilename(), "sample2-masks.jpg");
        const saved = join(folder, "saved.jpg");
        await download.saveAs(saved);
        const { width, height } = await sharp(saved).metadata();
        assertEquals([width, height], [1920, 1367]);

        await press("Tab", "Enter");
        await page.getByRole("status").getByText("Ready.").waitFor();
        assertEquals(await focus.getAttribute("id"), "files");
      });

      await test.step("the camera: one face, and frames a second", async () => {
        const page = await openPage(context, url);
        await page.getByRole("button", { name: "Use the camera" }).click();
        await page.getByRole("status").getByText(/^1 face: 1 /).waitFor();
        const speed = await page.locator("#speed dd").textContent();
        assertGreater(Number(speed), 0);
        const saved = page.waitForEvent("download");
        await page.getByRole("button", { name: "Save this frame" }).click();
        assertEquals((await saved).suggestedFilename(), "camera-masks.jpg");
        await page.getByRole("button", { name: "Stop the camera" }).click();
        await page.getByRole("button", { name: "Use the camera" }).click();
        await page.getByRole("status").getByText(/^1 face: 1 /).waitFor();
        await page.evaluate(
          `document.querySelector("video").srcObject.getVideoTracks()[0].dispatchEvent(new Event("ended"))`,
        );
        await page.getByRole("status").getByText("it sends no more pictures").waitFor();
        await page.getByRole("button", { name: "Use the camera" }).waitFor();
      });

      await test.step("no request went elsewhere, and nothing broke the policy", () => {
        const origins = new Set(requests.map((request) => new URL(request).origin));
        assertEquals([...origins], [new URL(url).origin]);
        assert(requests.includes(`${url}model/weights.bin`), "the worker's requests are not seen");
        assertEquals(complaints, []);
      });

      await test.step("the page cannot send anything, not even to its own server", async () => {
        for (const target of [url, "http://localhost:9/"]) {
          const send = `fetch("${target}", { method: "POST" }).then(() => "sent", () => "refused")`;
          assertEquals(await page.evaluate(send), "refused");
        }
      });
    }, model);
  } finally {
    classifier.model.dispose();
    detector.dispose();
    await Deno.remove(model, { recursive: true });
  }
});
