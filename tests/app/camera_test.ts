/** The camera in a real Chromium: how it stops, and how it shares the worker with photos. */
import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { join } from "node:path";
import { groupPhoto } from "../fixtures/group_photos.ts";
import {
  HAS_CHROMIUM,
  holdNetworks,
  openPage,
  readTrack,
  waitUntil,
  WATCH_WORKER,
  withPage,
} from "../fixtures/page.ts";

/** Lets each camera open only when \`letGo()\` is called. */
const HOLD_CAMERA = `
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await open(wanted);
    globalThis.track = stream.getTracks()[0];
    await new Promise((resolve) => globalThis.letGo = resolve);
    return stream;
  };`;

/** Clicks the button, and tells what is so when the click's handlers have returned. */
const STOP = `(() => {
  const [video, button] = ["video", "camera"].map((id) => document.getElementById(id));
  const track = video.srcObject?.getVideoTracks()[0];
  const before = track?.readyState;
  button.click();
  return {
    before,
    after: track?.readyState,
    isShown: video.srcObject !== null || !document.getElementById("live").hidden,
    button: button.textContent,
    status: document.getElementById("status").textContent,
  };
})()`;
interface Stopped {
  before?: string;
  after?: string;
  isShown: boolean;
  button: string;
  status: string;
}

Deno.test(
  { name: "watchCamera() stops at once and shares the worker", ignore: !HAS_CHROMIUM },
  async (test) => {
    await withPage(async ({ context, url, folder }) => {
      const photos = Array.from({ length: 10 }, (_, i) => join(folder, `${i}.jpg`));
      for (const photo of photos) await Deno.copyFile(groupPhoto("sample2.jpg"), photo);

      await test.step("frames are shown while photos wait, and Stop does not wait for either", async () => {
        const page = await context.newPage();
        await page.addInitScript(WATCH_WORKER);
        await page.goto(url);
        await page.getByText("Ready.").waitFor();
        await page.getByLabel("Choose photos").setInputFiles(photos);
        await page.getByRole("button", { name: "Use the camera" }).click();
        // 1 face before the camera; photos are done beside it.
        await page.getByText(/^1 face: 1 .*; [1-9]\d* of 10 done$/).waitFor();
        await page.waitForTimeout(1000);
        const stopped = await page.evaluate<Stopped>(STOP);
        assertEquals([stopped.before, stopped.after, stopped.isShown], ["live", "ended", false]);
        assertEquals(stopped.button, "Use the camera");
        const [, done] = /^(\d+) of 10 done, /.exec(stopped.status)!;
        assertLess(Number(done), 10, "all photos were done: the test shows nothing");

        const { asked, mostOpen } = await page.evaluate<{ asked: string[]; mostOpen: number }>(
          "({ asked, mostOpen })",
        );
        assertEquals(mostOpen, 1);
        const frames = asked.filter((name) => name === "frame").length;
        assertGreater(frames, 3);
        assert(!/\bframe( \d+\.jpg){2} frame\b/.test(asked.join(" ")), asked.join(" "));
        assertEquals(asked[0], "9.jpg");
        await page.getByText(new RegExp(`^${Number(done) + 1} of 10 done, `)).waitFor();
        await page.close();
      });

      await test.step("Stop works while the browser opens the camera, which is closed when it comes", async () => {
        const page = await context.newPage();
        await page.addInitScript(HOLD_CAMERA);
        await page.goto(url);
        await page.getByText("Ready.").waitFor();
        await page.getByRole("button", { name: "Use the camera" }).click();
        await waitUntil(page, "globalThis.letGo");
        assertEquals(await page.locator("#status").textContent(), "Starting the camera…");
        const { button, status, isShown } = await page.evaluate<Stopped>(STOP);
        assertEquals([button, status, isShown], ["Use the camera", "Ready.", false]);
        await page.evaluate("letGo()");
        await waitUntil(page, `track.readyState === "ended"`);
        assertEquals([await readTrack(page), await page.locator("#status").textContent()], [
          "off",
          "Ready.",
        ]);
        // And on again, while the first one may still come.
        await page.getByRole("button", { name: "Use the camera" }).click();
        await waitUntil(page, `track.readyState === "live"`);
        await page.evaluate("letGo()");
        await page.getByText(/^1 face: 1 /).waitFor();
        await page.close();
      });

      await test.step("Stop works while the networks are loaded", async () => {
        const page = await context.newPage();
        const letLoad = await holdNetworks(page);
        await page.goto(url);
        await page.getByRole("button", { name: "Use the camera" }).click();
        await waitUntil(page, `document.querySelector("video").srcObject`);
        const stopped = await page.evaluate<Stopped>(STOP);
        assertEquals([stopped.before, stopped.after, stopped.isShown], ["live", "ended", false]);
        assertEquals(stopped.status, "Loading the networks…");
        letLoad();
        await page.getByText("Ready.").waitFor();
        await page.close();
      });

      await test.step("a camera that may not be used is one line that says what to do", async () => {
        const page = await openPage(context, url);
        for (
          const [name, words] of [
            ["NotAllowedError", "allow it in the browser's address bar, then try again"],
            ["NotFoundError", "no camera was found"],
            ["NotReadableError", "another program may be using it"],
          ]
        ) {
          await page.evaluate(
            `navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", "${name}"))`,
          );
          await page.getByRole("button", { name: "Use the camera" }).click();
          await page.getByText(`The camera cannot be used: ${words}`).waitFor();
        }
        await page.getByLabel("Choose photos").setInputFiles(groupPhoto("sample2.jpg"));
        await page.getByText(/^1 photo, 3 faces: 3 without mask$/).waitFor();
        await page.close();
      });
    });
  },
);
