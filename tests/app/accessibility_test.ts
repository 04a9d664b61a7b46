/** The page for everybody: axe-core's rules, the keyboard, narrow windows, colours and motion as wished for. */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { groupPhoto } from "../fixtures/group_photos.ts";
import { HAS_CHROMIUM, HEIC, openPage, withPage } from "../fixtures/page.ts";

const AXE = await Deno.readTextFile(new URL(import.meta.resolve("axe-core/axe.min.js")));
const WIDTHS = [360, 600, 1280];
const SCHEMES = ["light", "dark"] as const;

/** What axe-core finds wrong, as "rule: element". */
async function runAxe(page: Page): Promise<string[]> {
  await page.evaluate(`globalThis.axe ?? (() => { ${AXE} })()`);
  return await page.evaluate<string[]>(`axe.run(document, {
    rules: { "target-size": { enabled: true } },
    resultTypes: ["violations"],
  }).then(({ violations, passes }) => passes.length < 20
    ? ["axe-core found too little to look at"]
    : violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => id + ": " + target)))`);
}

/** Runs axe-core in all widths and both colour schemes, and looks whether anything is cut off. */
async function checkEverywhere(page: Page, name: string): Promise<void> {
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 800 });
      const where = `${name}, ${width} pixels, ${colorScheme}`;
      assertEquals([where, await runAxe(page)], [where, []]);
      const content = await page.evaluate("document.documentElement.scrollWidth");
      assertEquals([where, content], [where, width]);
    }
  }
  await page.emulateMedia({ colorScheme: null });
}

/** What the focus is on, and how it is shown there; the file chooser shows it on its label. */
const FOCUS = `(() => {
  const element = document.activeElement;
  const shown = element.id === "files" ? element.nextElementSibling : element;
  const { outlineStyle, outlineWidth } = getComputedStyle(shown);
  const name = element.ariaLabel ?? element.labels?.[0]?.textContent ?? element.textContent;
  return { name: name.replace(/\\s+/g, " ").trim(), outline: outlineStyle + " " + outlineWidth };
})()`;

Deno.test({ name: "the page is for everybody", ignore: !HAS_CHROMIUM }, async (test) => {
  await withPage(async ({ context, url, folder }) => {
    const heic = join(folder, "IMG_1.HEIC"), damaged = join(folder, "damaged.jpg");
    await Deno.writeFile(heic, HEIC);
    await Deno.writeTextFile(damaged, "no photo");
    const page = await openPage(context, url);

    await test.step("axe-core finds nothing where there is nothing yet", async () => {
      await checkEverywhere(page, "empty");
    });

    await test.step("axe-core finds nothing with results and errors", async () => {
      await page.getByLabel("Choose photos").setInputFiles([
        groupPhoto("sample1.jpg"),
        groupPhoto("sample6.jpg"),
        heic,
        damaged,
      ]);
      await page.getByText(/^2 photos, 7 faces: .*; 2 files cannot be read$/).waitFor();
      for (const list of await page.locator("summary:visible").all()) await list.click();
      await checkEverywhere(page, "results");
    });

    await test.step("the keyboard reaches everything in its order, and shows where it is", async () => {
      for (const forcedColors of ["none", "active"] as const) {
        await page.emulateMedia({ forcedColors });
        const names: string[] = [];
        await page.locator("#files").focus();
        await page.keyboard.press("Shift+Tab");
        await page.keyboard.press("Tab");
        for (let i = 0; i < 30; i++) {
          const { name, outline } = await page.evaluate<{ name: string; outline: string }>(FOCUS);
          if (names.includes(name) && name === names[0]) break;
          assertEquals([name, outline], [name, "solid 3px"]);
          names.push(name);
          await page.keyboard.press("Tab");
          if (await page.evaluate("document.activeElement === document.body")) break;
        }
        assertEquals(names, [
          "Choose photos",
          "Use the camera",
          "Show faces that are at least 30% certain to be faces",
          "Call answers unsure below 0%",
          "Remove all",
          "Remove damaged.jpg",
          "Remove IMG_1.HEIC",
          "Each face",
          "Save with boxes: sample6.jpg",
          "Remove sample6.jpg",
          "Each face",
          "Save with boxes: sample1.jpg",
          "Remove sample1.jpg",
        ]);
      }
    });

    await test.step("classes differ in line and sign too, with the colours that the system forces", async () => {
      await page.emulateMedia({ forcedColors: "active" });
      assertEquals(await runAxe(page), []);
      const looks = await page.evaluate<string[]>(
        `[...document.querySelectorAll("#counts [data-count]")].slice(0, 3).map((it) =>
          getComputedStyle(it.parentElement).borderLeftStyle + " " +
          getComputedStyle(it.previousElementSibling, "::before").content)`,
      );
      assertEquals(looks.map((look) => look.split(" ")[0]), ["solid", "dashed", "dotted"]);
      assertEquals(new Set(looks).size, 3);
      for (const look of looks) assertMatch(look, /["(].+/);
      await page.emulateMedia({ forcedColors: "none" });
    });

    await test.step("nothing moves by itself", async () => {
      await page.emulateMedia({ reducedMotion: "reduce" });
      const moving = await page.evaluate(
        `[...document.querySelectorAll("*")].filter((it) => {
          const { transitionDuration, animationName, scrollBehavior } = getComputedStyle(it);
          return transitionDuration !== "0s" || animationName !== "none" || scrollBehavior !== "auto";
        }).length`,
      );
      assertEquals(moving, 0);
    });

    await test.step("axe-core finds nothing with the camera on", async () => {
      await page.getByRole("button", { name: "Use the camera" }).click();
      await page.getByText(/^1 face: 1 /).waitFor();
      await checkEverywhere(page, "camera");
      await page.getByRole("button", { name: "Stop the camera" }).click();
    });

    await test.step("the page fits a window of 320 pixels", async () => {
      await page.setViewportSize({ width: 320, height: 600 });
      assertEquals(await page.evaluate("document.documentElement.scrollWidth"), 320);
    });
  });
});
