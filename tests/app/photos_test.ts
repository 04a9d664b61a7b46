/** Photos on the page in a real Chromium: their order, what is said of them, and the ways to give them. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { join } from "node:path";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { GROUP } from "../fixtures/group_photos.ts";
import {
  HAS_CHROMIUM,
  HEIC,
  holdNetworks,
  openPage,
  WATCH_WORKER,
  withPage,
} from "../fixtures/page.ts";

/** Notes what the page says whenever it says something else. */
const WATCH_WORDS = `
  globalThis.said = [];
  new MutationObserver(() => {
    const text = (selector) => document.querySelector(selector).textContent;
    said.push({
      status: text("#status"),
      live: document.querySelector("#status").ariaLive,
      title: text("#counts-title"),
      counts: [...document.querySelectorAll("[data-count]")].map((it) => Number(it.textContent)),
    });
  }).observe(document.querySelector("#summary"), { subtree: true, childList: true });`;
interface Said {
  status: string;
  live: string;
  title: string;
  counts: number[];
}

const status = (page: Page) => page.getByRole("status").textContent();
const headings = (page: Page) => page.getByRole("article").getByRole("heading").allTextContents();

/** Drops files and folders on the page, as a file manager does. */
async function dropFiles(page: Page, files: string[]): Promise<void> {
  const session = await page.context().newCDPSession(page);
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    await session.send("Input.dispatchDragEvent", {
      type,
      x: 100,
      y: 200,
      data: { items: [], files, dragOperationsMask: 1 },
    });
  }
}

Deno.test(
  { name: "the page keeps photos in order and agrees with itself", ignore: !HAS_CHROMIUM },
  async (test) => {
    await withPage(async ({ context, url, folder }) => {
      const small = await sharp(GROUP).resize(640).jpeg().toBuffer();
      const write = async (name: string, bytes: Uint8Array = small) => {
        const file = join(folder, name);
        await Deno.mkdir(join(file, ".."), { recursive: true });
        await Deno.writeFile(file, bytes);
        return file;
      };

      await test.step("the newest is judged first and stands on top; counts and words agree all the time", async () => {
        const page = await context.newPage();
        await page.addInitScript(WATCH_WORKER);
        const letLoad = await holdNetworks(page);
        await page.goto(url);
        await page.evaluate(WATCH_WORDS);
        const choose = page.getByLabel("Choose photos");
        const names = ["1.jpg", "2.jpg", "3.jpg", "4.jpg"];
        await choose.setInputFiles(
          await Promise.all([
            ...names.map((name) => write(name)),
            write("IMG_5.HEIC", HEIC),
            write("6.jpg", small.subarray(0, 900)),
          ]),
        );
        await choose.setInputFiles(await write("7.jpg"));
        assertEquals(await headings(page), ["7.jpg", "6.jpg", "IMG_5.HEIC", ...names.toReversed()]);
        assertEquals(await status(page), "Loading the networks… · 0 of 7 done");
        letLoad();
        await page.getByText(/^5 photos, 15 faces: 15 without mask; 2 files cannot be read$/)
          .waitFor();

        const said = await page.evaluate<Said[]>("said");
        for (const { status, title, counts } of said) {
          const total = counts.reduce((sum, count) => sum + count);
          assertEquals([status, Number(/(\d+) faces?:/.exec(status)?.[1] ?? 0)], [status, total]);
          const judged = /^(\d+) (of \d+ done|photos?),/.exec(status)?.[1] ?? "0";
          assertEquals([status, /\d+/.exec(title)?.[0] ?? "0"], [status, judged]);
        }
        const progress = said.map(({ status }) => /^\d+ of \d+ done/.exec(status)?.[0]);
        assert(progress.includes("3 of 5 done"), progress.join(", "));
        // 6.jpg had its turn before 7.jpg came.
        assertEquals(await page.evaluate("asked"), [
          "6.jpg",
          "7.jpg",
          "IMG_5.HEIC",
          ...names.toReversed(),
        ]);
        await page.getByText("HEIC cannot be read: save it as JPEG").waitFor();
        await page.getByText("JPEG cannot be read: the file is damaged").waitFor();
        // What changes by itself is not read out each time, and its end always is.
        const aloud = said.filter(({ status, live }, i) =>
          live === "polite" && status !== said[i - 1]?.status
        );
        assertGreater(new Set(said.map(({ status }) => status)).size, aloud.length);
        assertEquals(said.at(-1)!.live, "polite");
        await page.close();
      });

      await test.step("photos that wait can be removed, one by one and all together", async () => {
        const page = await openPage(context, url);
        const names = Array.from({ length: 8 }, (_, i) => `w${i}.jpg`);
        await page.getByLabel("Choose photos").setInputFiles(
          await Promise.all(names.map((name) => write(name))),
        );
        await page.getByRole("button", { name: "Remove w0.jpg" }).click();
        await page.getByText(/of 7 done/).waitFor();
        await page.getByRole("button", { name: "Remove w1.jpg" }).click();
        await page.getByText(/of 6 done|^6 photos/).waitFor();
        await page.getByRole("button", { name: "Remove all" }).click();
        assertEquals(await status(page), "Ready.");
        assertEquals(await page.locator(":focus").getAttribute("id"), "files");
        await page.getByLabel("Choose photos").setInputFiles(await write("after.jpg"));
        await page.getByText(/^1 photo, 3 faces/).waitFor();
        assertEquals(await headings(page), ["after.jpg"]);
        await page.close();
      });

      await test.step("a folder is dropped, and what is in its folders", async () => {
        const page = await openPage(context, url);
        await write("trip/10.jpg");
        await write("trip/2.jpg");
        await write("trip/deep/er/a.png", await sharp(small).png().toBuffer());
        await write("trip/IMG_1.heic", HEIC);
        await write("trip/notes.txt", new TextEncoder().encode("no photo"));
        await write("trip/._2.jpg", new TextEncoder().encode("macOS leaves these"));
        await dropFiles(page, [join(folder, "trip"), await write("single.jpg")]);
        await page.getByText(/^4 photos, .*; 1 file cannot be read · 2 other files left out$/)
          .waitFor();
        assertEquals(await headings(page), [
          "single.jpg",
          "trip/IMG_1.heic",
          "trip/deep/er/a.png",
          "trip/10.jpg",
          "trip/2.jpg",
        ]);
        await page.close();
      });

      await test.step("a folder of 250 files is read to its end, and one without photos is said to be", async () => {
        const page = await openPage(context, url);
        await Promise.all(Array.from({ length: 250 }, (_, i) => write(`many/${i}.heic`, HEIC)));
        await dropFiles(page, [join(folder, "many")]);
        await page.getByText(/^250 files cannot be read$/).waitFor();
        await page.getByRole("button", { name: "Remove all" }).click();
        await Deno.mkdir(join(folder, "none"));
        await dropFiles(page, [join(folder, "none")]);
        await page.getByText("No photo was found there").waitFor();
        await page.close();
      });

      await test.step("a picture is pasted; pasted text is said to hold none", async () => {
        const page = await openPage(context, url);
        const paste = (data: string) =>
          page.evaluate(`(async () => {
          const data = new DataTransfer();
          ${data}
          dispatchEvent(new ClipboardEvent("paste", { clipboardData: data }));
        })()`);
        await paste(`data.setData("text/plain", "no picture");`);
        await page.getByText("No photo was found there").waitFor();
        const bytes = `Uint8Array.fromBase64("${small.toString("base64")}")`;
        const add = `data.items.add(new File([${bytes}], "image.png", { type: "image/png" }));`;
        await paste(add);
        await paste(add);
        await page.getByText(/^2 photos, 6 faces/).waitFor();
        assertEquals(await headings(page), ["picture 2", "picture 1"]);
        await page.close();
      });

      await test.step("a photo of too many megapixels is refused in numbers, as predict does", async () => {
        const page = await openPage(context, url);
        const large = sharp({
          create: { width: 8200, height: 8200, channels: 3, background: "red" },
        });
        await page.getByLabel("Choose photos").setInputFiles(
          await write("large.png", await large.png().toBuffer()),
        );
        await page.getByText(
          "This photo could not be classified: the photo has 68 megapixels, more than 67",
        ).waitFor();
        assertEquals(await status(page), "1 photo could not be classified");
        await page.close();
      });

      await test.step("what is less certain than asked for is unsure, in words and counts", async () => {
        const page = await openPage(context, url);
        await page.getByLabel("Choose photos").setInputFiles(await write("unsure.jpg"));
        await page.getByText(/^1 photo, 3 faces: 3 without mask$/).waitFor();
        await page.getByText("Each face").click();
        const faces = await page.getByRole("listitem").allTextContents();
        const least = Math.min(...faces.map((face) => Number(/(\d+)%/.exec(face)![1])));
        const slider = page.getByLabel("Call answers unsure below");
        await slider.fill("95");
        await page.getByText(/^1 photo, 3 faces: /).waitFor();
        const unsure = await page.locator(".unsure dd").textContent();
        if (least < 95) {
          await page.getByRole("status").getByText(new RegExp(`, ${unsure} unsure$`)).waitFor();
          await page.getByText(`unsure, perhaps no mask ${least}%`).first().waitFor();
        } else assertEquals(unsure, "0");
        await slider.fill("0");
        await page.getByText(/^1 photo, 3 faces: 3 without mask$/).waitFor();
        await page.close();
      });
    });
  },
);
