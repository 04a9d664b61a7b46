/** What the channels of a JPEG mean is nowhere in its format: markers and names of channels tell, as libjpeg has it. */
import { assert, assertEquals } from "@std/assert";
import { decodeImage, decodePhoto } from "../../lib/images/decode_image.ts";
import { readPlainJpeg } from "../../lib/images/plain_jpeg.ts";
import { adobe, JFIF, makeJpeg } from "../fixtures/jpegs.ts";

/** One level for each channel. */
const LEVELS = [150, 90, 170, 30];
/**
 * Those levels by what the channels are: libjpeg's colours through Pillow 13.0.0, of a file of each kind.
 *
 * python -c "from PIL import Image; print(Image.open('1.jpg').convert('RGB').getpixel((4, 4)))"
 */
const COLOURS = {
  grey: [150, 150, 150],
  rgb: [150, 90, 170],
  ycc: [209, 133, 83],
  cmyk: [18, 11, 20],
  ycck: [5, 14, 20],
};
const NAMES = {
  "1": [1],
  R: [82],
  "123": [1, 2, 3],
  "012": [0, 1, 2],
  "321": [3, 2, 1],
  "all the same": [1, 1, 1],
  RGB: [82, 71, 66],
  rgb: [114, 103, 98],
  BGR: [66, 71, 82],
  "1234": [1, 2, 3, 4],
  CMYK: [67, 77, 89, 75],
};
const MARKERS = {
  none: [],
  JFIF,
  "JFIF's extension": [0xff, 0xe0, 0, 8, ...new TextEncoder().encode("JFXX\0"), 0x13],
  "Adobe 0": adobe(0),
  "Adobe 1": adobe(1),
  "Adobe 2": adobe(2),
  "an unknown Adobe": adobe(3),
  "JFIF and Adobe 0": [...JFIF, ...adobe(0)],
  "Adobe 0 and JFIF": [...adobe(0), ...JFIF],
  "JFIF and Adobe 2": [...JFIF, ...adobe(2)],
  "Adobe 1 and 0": [...adobe(1), ...adobe(0)],
};

/** Source: `default_decompress_parms` of libjpeg's jdapimin.c; of two Adobe markers the last counts. */
function decide(markers: string, names: string): keyof typeof COLOURS {
  const channels = NAMES[names as keyof typeof NAMES].length;
  const adobe = /Adobe.*(\d)/.exec(markers)?.[1] ?? (/unknown/.test(markers) ? "3" : undefined);
  if (channels === 1) return "grey";
  if (channels === 4) return adobe === undefined || adobe === "0" ? "cmyk" : "ycck";
  if (/JFIF(?!')/.test(markers)) return "ycc";
  if (adobe !== undefined) return adobe === "0" ? "rgb" : "ycc";
  return names === "RGB" ? "rgb" : "ycc";
}

Deno.test("all paths give a JPEG's channels the meaning that libjpeg gives them", async () => {
  let plain = 0;
  for (const [markers, segments] of Object.entries(MARKERS)) {
    for (const [names, ids] of Object.entries(NAMES)) {
      const jpeg = makeJpeg({
        width: 96,
        height: 96,
        channels: ids.map((id, i) => ({ id, level: () => LEVELS[i]! })),
        markers: segments,
      });
      const expected = COLOURS[decide(markers, names)];
      const paths = [
        (await decodePhoto(jpeg)).pixels,
        await decodeImage(jpeg, { size: 8 }),
        await decodeImage(jpeg, { size: 8, box: { left: 4, top: 4, width: 8, height: 8 } }),
      ];
      plain += Number(readPlainJpeg(jpeg) !== undefined);
      for (const [i, pixels] of paths.entries()) {
        const difference = pixels.map((level, at) => Math.abs(level - expected[at % 3]!));
        assert(
          difference.every((levels) => levels <= 1),
          `${markers}, channels ${names}, path ${i}: ${pixels.subarray(0, 3)}, not ${expected}`,
        );
      }
    }
  }
  assertEquals(plain, 4 * 8); // else the short path was not tried
});

Deno.test("all paths read every subsampling that libjpeg reads", async () => {
  const samplings: [number, number][][] = [
    [[2, 1], [1, 1], [1, 1]],
    [[1, 2], [1, 1], [1, 1]],
    [[2, 2], [1, 1], [1, 1]],
    [[4, 1], [1, 1], [1, 1]],
    [[1, 4], [1, 1], [1, 1]],
    [[4, 2], [1, 1], [1, 1]],
    [[3, 1], [1, 1], [1, 1]],
    [[3, 2], [1, 1], [1, 1]],
    [[2, 2], [2, 1], [1, 2]],
    [[1, 1], [2, 2], [2, 2]],
    [[1, 1], [2, 1], [1, 1]],
  ];
  // The left half of the photo is of LEVELS, the right half grey.
  const size = 96;
  for (const sampling of samplings) {
    const most = Math.max(...sampling.map(([across]) => across));
    const jpeg = makeJpeg({
      width: size,
      height: size,
      channels: sampling.map(([across, down], i) => ({
        id: i + 1,
        sampling: [across, down],
        level: (column) => column * 8 * most / across < size / 2 ? LEVELS[i]! : 128,
      })),
      markers: JFIF,
    });
    const paths = [(await decodePhoto(jpeg)).pixels, await decodeImage(jpeg, { size })];
    for (const pixels of paths) {
      const [left, right] = [size / 4, 3 * size / 4].map((x) => {
        const at = 3 * (size * size / 2 + x);
        return [...pixels.subarray(at, at + 3)];
      });
      assertEquals([left, right], [COLOURS.ycc, [128, 128, 128]], JSON.stringify(sampling));
    }
  }
});

Deno.test("decodePhoto() refuses a JPEG of two channels, which are not colours", async () => {
  const channels = [1, 2].map((id) => ({ id, level: () => 99 }));
  const jpeg = makeJpeg({ width: 8, height: 8, channels });
  const error = await decodePhoto(jpeg).catch((error) => error);
  assert(error instanceof Deno.errors.InvalidData, `${error}`);
  assertEquals(error.message, "not a readable photo: expected 3 channels, got 2");
});
