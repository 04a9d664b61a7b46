import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { cachePixels } from "../../lib/images/image_cache.ts";
import { loadImages } from "../../lib/images/load_images.ts";
import { seededRandom } from "../../lib/random.ts";
import type { Sample } from "../../lib/types.ts";
import { withFolder } from "../fixtures/photos.ts";
import { makeScene, renderScene } from "../fixtures/scenes.ts";
import sharp from "sharp";

const LONG_AGO = new Date("2020-06-01");
const SETTINGS = { size: 2 };

/** A folder with photos `0` to `2` (no real ones), and a reader that counts how often it is called. */
async function withPhotos(
  work: (setting: {
    cache: string;
    samples: { file: string }[];
    load: (samples?: object[], settings?: object) => Promise<unknown>;
    reads: () => number;
  }) => Promise<void>,
) {
  await withFolder(async (folder) => {
    const samples = ["0", "1", "2"].map((name) => ({ file: join(folder, name) }));
    for (const { file } of samples) await Deno.writeTextFile(file, "photo");
    const cache = join(folder, "deep/cache");
    let reads = 0;
    const read = () => {
      reads++;
      const pixels = Uint8Array.from({ length: 24 }, (_, i) => i * 10);
      return Promise.resolve({
        pixels,
        failed: [[1, "not a readable photo"]] as [number, string][],
        isLasting: true,
      });
    };
    const load = (list: object[] = samples, settings: object = SETTINGS) =>
      cachePixels(cache, list as typeof samples, settings, read);
    await work({ cache, samples, load, reads: () => reads });
  });
}

const list = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);

Deno.test("cachePixels() reads once, and gives the same pixels and failures again", async () => {
  await withPhotos(async ({ cache, load, reads }) => {
    const first = await load();
    assertEquals(await load(), first);
    assertEquals(reads(), 1);
    assertEquals((await list(cache)).length, 1);
  });
});

Deno.test("cachePixels() reads anew whatever the pixels depend on", async () => {
  const changes: Record<string, (samples: { file: string }[]) => unknown> = {
    "longer content": ([first]) => Deno.writeTextFile(first!.file, "longer photo"),
    "content of the same length and time": async ([first]) => {
      await Deno.writeTextFile(first!.file, "other");
      await Deno.utime(first!.file, LONG_AGO, LONG_AGO);
    },
    "another time": ([first]) => Deno.utime(first!.file, LONG_AGO, new Date("2021-01-01")),
    "a file gone": ([first]) => Deno.remove(first!.file),
    "a folder in its place": async ([first]) => {
      await Deno.remove(first!.file);
      await Deno.mkdir(first!.file);
    },
  };
  for (const [name, change] of Object.entries(changes)) {
    await withPhotos(async ({ samples, load, reads }) => {
      for (const { file } of samples) await Deno.utime(file, LONG_AGO, LONG_AGO);
      await load();
      await change(samples);
      await load();
      assertEquals(reads(), 2, name);
    });
  }
  await withPhotos(async ({ samples: [a, b, c], load, reads }) => {
    const box = { left: 1, top: 2, width: 3, height: 4 };
    const sets: [object[], object?][] = [
      [[a!, b!, c!]],
      [[a!, b!]],
      [[b!, a!, c!]],
      [[{ ...a, box }, b!, c!]],
      [[{ ...a, box: { ...box, left: 9 } }, b!, c!]],
      [[a!, b!, c!], { size: 3 }],
      [[a!, b!, c!], { size: 2, margin: 0.1 }],
    ];
    for (const set of sets) await load(...set);
    assertEquals(reads(), sets.length);
  });
});

Deno.test("cachePixels() notices every damage, and mends it", async () => {
  await withPhotos(async ({ cache, load, reads }) => {
    const whole = await load();
    const path = join(cache, (await list(cache))[0]!);
    const bytes = await Deno.readFile(path);
    const random = seededRandom(4);
    const damages = [
      new Uint8Array(),
      bytes.subarray(0, 5),
      bytes.subarray(1),
      bytes.subarray(0, -1),
    ];
    for (let at = 0; at < bytes.length; at++) {
      damages.push(bytes.with(at, bytes[at]! ^ (1 << Math.floor(random() * 8))));
    }
    for (const [i, damaged] of damages.entries()) {
      await Deno.writeFile(path, damaged);
      assertEquals(await load(), whole);
      assertEquals(reads(), i + 2);
    }
    await load();
    assertEquals(reads(), damages.length + 1);
  });
});

Deno.test("cachePixels() keeps nothing after a passing failure, and goes on where it cannot write", async () => {
  await withPhotos(async ({ cache, samples }) => {
    const entry = { pixels: new Uint8Array(3), failed: [], isLasting: false };
    await cachePixels(cache, samples, SETTINGS, () => Promise.resolve(entry));
    assertEquals(await list(cache).catch(() => []), []);
    const warnings: string[] = [];
    const lasting = { ...entry, isLasting: true };
    const inFile = join(samples[0]!.file, "cache");
    const given = await cachePixels(inFile, samples, SETTINGS, () => Promise.resolve(lasting), {
      onWarning: (message) => warnings.push(message),
    });
    assertEquals([given, warnings.length], [lasting, 1]);
  });
});

Deno.test("cachePixels() keeps a few files, the newest", async () => {
  await withPhotos(async ({ cache, samples, load, reads }) => {
    for (let size = 0; size < 6; size++) {
      await load(samples, { size });
      for (const name of await list(cache)) {
        const { mtime } = await Deno.stat(join(cache, name));
        await Deno.utime(join(cache, name), 0, mtime!.getTime() / 1000 - 60);
      }
    }
    assertEquals((await list(cache)).length, 4);
    await load(samples, { size: 5 });
    assertEquals(reads(), 6);
    await load(samples, { size: 0 });
    assertEquals(reads(), 7);
  });
});

Deno.test("loadImages() gives from its cache what it gave at first", async () => {
  await withFolder(async (folder) => {
    const samples: Sample[] = [];
    for (let i = 0; i < 4; i++) {
      const file = join(folder, `${i}.jpg`);
      samples.push({ file, className: i % 2 ? "with_mask" : "without_mask" });
      if (i === 1) await Deno.writeTextFile(file, "no photo");
      else {
        await sharp(renderScene(makeScene(i), 40), { raw: { width: 40, height: 40, channels: 3 } })
          .jpeg().toFile(file);
      }
      await Deno.utime(file, LONG_AGO, LONG_AGO);
    }
    const options = { size: 16, cache: join(folder, "cache") };
    const plain = await loadImages(samples, { size: 16 });
    assertEquals(await loadImages(samples, options), plain);
    assertEquals(await loadImages(samples, options), plain);
    assertEquals(plain.unreadable.length, 1);
    // Labels are not the cache's: they come from the samples given.
    const other = samples.map((sample) => ({ ...sample, className: "with_mask" as const }));
    const relabelled = await loadImages(other, options);
    assert(relabelled.samples.every(({ className }) => className === "with_mask"));
    assertEquals((await list(options.cache)).length, 1);
  });
});

Deno.test("loadImages() keeps nothing that failed for want of memory", async () => {
  const shortages = [
    new RangeError("Array buffer allocation failed"),
    new Deno.errors.InvalidData("not a readable photo: out of memory -- size == 200MB"),
    new Deno.errors.InvalidData("not a readable photo: std::bad_alloc"),
    new Deno.errors.InvalidData("not a readable photo: unable to create thread"),
  ];
  await withFolder(async (folder) => {
    const samples = [{ file: join(folder, "a.png"), className: "with_mask" as const }];
    await sharp({ create: { width: 4, height: 4, channels: 3, background: "red" } })
      .toFile(samples[0]!.file);
    const cache = join(folder, "cache");
    const readFile = Deno.readFile;
    for (const error of shortages) {
      Deno.readFile = () => Promise.reject(error);
      try {
        const { unreadable } = await loadImages(samples, { size: 2, cache });
        assertEquals(unreadable.map(({ reason }) => reason), [error.message]);
      } finally {
        Deno.readFile = readFile;
      }
      assertEquals(await list(cache).catch(() => []), [], error.message);
    }
    assertEquals((await loadImages(samples, { size: 2, cache })).unreadable, []);
    assertEquals((await list(cache)).length, 1);
  });
});

Deno.test("cachePixels() holds no second copy of the pixels while it writes them", async () => {
  await withFolder(async (folder) => {
    // In a process of its own: tests beside this one use memory too.
    const script = `
      import { cachePixels } from ${
      JSON.stringify(import.meta.resolve("../../lib/images/image_cache.ts"))
    };
      const pixels = new Uint8Array(2e8).fill(7);
      const before = Deno.memoryUsage().rss;
      let peak = before;
      const timer = setInterval(() => peak = Math.max(peak, Deno.memoryUsage().rss), 2);
      const read = () => Promise.resolve({ pixels, failed: [], isLasting: true });
      await cachePixels(Deno.args[0], [], {}, read);
      clearInterval(timer);
      console.log((peak - before) / pixels.length);`;
    const file = join(folder, "write.ts");
    await Deno.writeTextFile(file, script);
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--config", config, file, join(folder, "cache")],
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const share = Number(new TextDecoder().decode(stdout));
    assert(share < 0.5, `memory grew by ${share} of the pixels`);
  });
});
