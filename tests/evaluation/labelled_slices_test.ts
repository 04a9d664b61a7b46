import { assertEquals, assertRejects } from "@std/assert";
import { labelledSlices, readFaceKinds } from "../../lib/evaluation/labelled_slices.ts";
import type { ImageSet, Sample } from "../../lib/types.ts";
import { withFolder } from "../fixtures/photos.ts";

const box = { left: 1, top: 2, width: 3, height: 4 };
const samples: Sample[] = [
  { file: "/set/1.jpg", className: "with_mask", box },
  { file: "/set/1.jpg", className: "with_mask", box: { ...box, left: 9 } },
  { file: "C:\\set\\2.jpg", className: "without_mask", box },
  { file: "/set/3.jpg", className: "without_mask" },
];
const images: ImageSet = { size: 1, pixels: new Uint8Array(12), samples, unreadable: [] };

Deno.test("labelledSlices() finds faces by file name and box, in one part, in several kinds", () => {
  const kinds = {
    beard: ["1.jpg 1,2,3,4", "2.jpg 1,2,3,4"],
    profile: ["2.jpg 1,2,3,4", "1.jpg 1,2,3,5", "4.jpg 1,2,3,4"],
    lying: ["1.jpg 9,2,3,4"],
    hand: ["3.jpg"],
  };
  const find = (indices: number[]) =>
    Object.fromEntries(
      labelledSlices(images, indices, kinds).map(({ name, indices }) => [name, indices]),
    );
  assertEquals(find([0, 1, 2, 3]), { beard: [0, 2], profile: [2], lying: [1], hand: [3] });
  assertEquals(find([0, 3]), { beard: [0], hand: [3] }, "kinds without a face are left out");
});

Deno.test("readFaceKinds() reads what it documents, and names the kind that is wrong", async () => {
  await withFolder(async (folder) => {
    const file = `${folder}/kinds.json`;
    const read = async (content: string) => {
      await Deno.writeTextFile(file, content);
      return await readFaceKinds(file);
    };
    const kinds = { beard: ["1.jpg 1,2,3,4"], hand: [] };
    assertEquals(await read(JSON.stringify({ kinds })), kinds);
    for (
      const [content, message] of [
        ["{", file],
        ["{}", file],
        ['{"kinds":{"beard":"1.jpg"}}', "kinds.beard must be a list of strings"],
        ['{"kinds":{"beard":[1]}}', "kinds.beard must be a list of strings"],
      ]
    ) {
      await assertRejects(() => read(content!), Deno.errors.InvalidData, message);
    }
    await assertRejects(() => readFaceKinds(`${folder}/none.json`), Deno.errors.NotFound);
  });
});
