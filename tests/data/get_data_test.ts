import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { getData, openData } from "../../lib/data/get_data.ts";
import { scanDataset } from "../../lib/data/scan_dataset.ts";
import { writeSampleFaces } from "../../lib/data/sample_faces.ts";
import { withFolder } from "../fixtures/photos.ts";
import { makeTree, makeZip } from "../fixtures/zips.ts";

/** Sets FACE_MASK_DATA, or takes it away, while `work` runs. */
async function withVariable(value: string | undefined, work: () => Promise<void>): Promise<void> {
  const before = Deno.env.get("FACE_MASK_DATA");
  const set = (value?: string) =>
    value === undefined ? Deno.env.delete("FACE_MASK_DATA") : Deno.env.set("FACE_MASK_DATA", value);
  set(value);
  try {
    await work();
  } finally {
    set(before);
  }
}

/** An address where nothing listens. */
const NOWHERE = { baseUrl: "http://127.0.0.1:9/api", retries: 0, backoffMs: 1 };

Deno.test("openData() takes a folder as it is and unpacks a zip once", async () => {
  await withFolder(async (folder) => {
    const cache = join(folder, "cache");
    const opened = await openData(folder, { folder });
    assertEquals(opened, { folder, name: folder.split("/").at(-1)!, cache });
    const zip = join(folder, "photos.zip");
    await Deno.writeFile(zip, await makeZip(makeTree(1)));
    const first = await openData(zip, { folder });
    assertEquals(first.name, "photos.zip");
    assertEquals((await scanDataset(first.folder)).samples.length, 3);
    const { mtime } = await Deno.stat(join(first.folder, "data"));
    assertEquals(await openData(zip, { folder }), first);
    assertEquals((await Deno.stat(join(first.folder, "data"))).mtime, mtime);
  });
});

Deno.test("openData() says that drawn faces say nothing about real photos", async () => {
  await withFolder(async (folder) => {
    await writeSampleFaces(join(folder, "a/data"), { count: 2 });
    for (const path of ["a", "a/data"]) {
      assertStringIncludes(
        (await openData(join(folder, path))).name,
        "say nothing about real photos",
      );
    }
  });
});

Deno.test("getData() takes FACE_MASK_DATA first, and does not look further if it is wrong", async () => {
  await withFolder(async (folder) => {
    await withVariable(folder, async () => {
      assertEquals((await getData({ folder, ...NOWHERE })).folder, folder);
    });
    await withVariable(join(folder, "missing.zip"), async () => {
      await assertRejects(() => getData({ folder }), Deno.errors.NotFound, "missing.zip");
    });
  });
});

Deno.test("getData() downloads once from Kaggle, and then needs no network", async () => {
  await withFolder(async (folder) => {
    const archive = await makeZip(makeTree(2));
    await withVariable(undefined, async () => {
      const server = Deno.serve(
        { port: 0, hostname: "127.0.0.1", onListen() {} },
        () => new Response(archive),
      );
      const baseUrl = `http://127.0.0.1:${server.addr.port}`;
      const data = await getData({ folder, baseUrl, kaggle: "some/set" });
      await server.shutdown();
      const cache = join(folder, "cache");
      assertEquals(data, { folder: join(folder, "some/set"), name: "Kaggle's some/set", cache });
      assertEquals(await getData({ folder, ...NOWHERE, kaggle: "some/set" }), data);
    });
  });
});

Deno.test("getData() draws faces where there is no network, and says why", async () => {
  await withFolder(async (folder) => {
    const warnings: string[] = [];
    await withVariable(undefined, async () => {
      const data = await getData({
        folder,
        ...NOWHERE,
        drawn: 4,
        onWarning: (text) => warnings.push(text),
      });
      assertStringIncludes(data.name, "say nothing about real photos");
      assertEquals((await scanDataset(data.folder)).samples.length, 4);
    });
    assert(warnings.some((text) => text.includes("drawn faces")), warnings.join());
  });
});

Deno.test("getData() does not hide a damaged zip of the user's behind drawn faces", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(join(folder, "some"));
    await Deno.writeTextFile(join(folder, "some/set.zip"), "no zip");
    await withVariable(undefined, async () => {
      await assertRejects(
        () => getData({ folder, ...NOWHERE, kaggle: "some/set" }),
        Deno.errors.InvalidData,
      );
    });
  });
});
