import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { isUnpacked, unpackArchive, type UnpackOptions } from "../../lib/data/archive.ts";
import { seededRandom } from "../../lib/random.ts";
import type { Random } from "../../lib/types.ts";
import { listFiles, makeTree, makeZip, readTree, type Tree, withFolder } from "../fixtures/zips.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const TREE = makeTree(1);
const ZIP = await makeZip(TREE);

/** Unpacks a zip; resolves to what is there then, after a look that nothing else is. */
async function unpack(zip: Bytes, options?: UnpackOptions): Promise<Tree> {
  let tree: Tree = {};
  await withFolder(async (folder) => {
    const [zipFile, target] = [join(folder, "photos.zip"), join(folder, "photos")];
    await Deno.writeFile(zipFile, zip);
    try {
      await unpackArchive(zipFile, target, options);
    } catch (error) {
      assertEquals(await listFiles(folder), ["photos.zip"], `left behind after ${error}`);
      throw error;
    }
    assert(await isUnpacked(target));
    tree = await readTree(target);
    const others = (await listFiles(folder)).filter((file) => !file.startsWith("photos/"));
    assertEquals(others, ["photos.zip"]);
  });
  return tree;
}

/** Replaces all `from` in a zip, names as a rule, by `to` of the same length. */
function patch(zip: Bytes, from: string, to: string): Bytes {
  assertEquals(from.length, to.length);
  const text = String.fromCharCode(...zip);
  assert(text.includes(from), `no ${from}`);
  return Uint8Array.from(text.replaceAll(from, to), (char) => char.charCodeAt(0));
}

const tree = (...names: string[]): Tree =>
  Object.fromEntries(names.map((name) => [name, new TextEncoder().encode(name)]));

Deno.test("unpackArchive() unpacks deflated, stored, streamed and empty files", async () => {
  for (const options of [{}, { level: 0 }, { dataDescriptor: false }, { zip64: true }]) {
    assertEquals(await unpack(await makeZip(TREE, options)), TREE, JSON.stringify(options));
  }
});

Deno.test("unpackArchive() takes folders, and a marker from an earlier unpacking", async () => {
  const zip = await makeZip({ "a/": new Uint8Array(), ...tree("a/b", ".unpacked") });
  assertEquals(await unpack(zip), tree("a/b"));
});

Deno.test("unpackArchive() refuses what is unsafe, and names it", async () => {
  const zip = await makeZip(tree("data/one.jpg", "data/two.jpg"));
  const attributes = (mode: number) => ({ externalFileAttributes: (mode << 16) >>> 0 });
  const zeros = await makeZip({ "zeros.jpg": new Uint8Array(1_000_000) });
  const two = patch(zip, "two.jpg", "one.jpg");
  const cases: [string, Bytes, string, UnpackOptions?][] = [
    [
      "an absolute name",
      patch(zip, "data/one.jpg", "/etc/one.jpg"),
      'Unsafe filename ("/etc/one.jpg")',
    ],
    ["a drive", patch(zip, "data/one.jpg", "C:/a/one.jpg"), 'Unsafe filename ("C:/a/one.jpg")'],
    [
      "a name that leads out",
      patch(zip, "data/one.jpg", "../a/one.jpg"),
      'Unsafe filename ("../a/one.jpg")',
    ],
    [
      "one that leads out later",
      patch(zip, "data/one.jpg", "d/../one.jpg"),
      'Unsafe filename ("d/../one.jpg")',
    ],
    [
      "an absolute name of a folder alone",
      patch(zip, "data/one.jpg", "////////////"),
      'Unsafe filename ("//")',
    ],
    [
      "an absolute name with backslashes",
      patch(zip, "data/one.jpg", "\\etc\\one.jpg"),
      'Unsafe filename ("/etc/one.jpg")',
    ],
    [
      "another computer",
      patch(zip, "data/one.jpg", "\\\\pc\\one.jpg"),
      'Unsafe filename ("/pc/one.jpg")',
    ],
    [
      "a drive with a backslash",
      patch(zip, "data/one.jpg", "C:\\a\\one.jpg"),
      'Unsafe filename ("C:/a/one.jpg")',
    ],
    [
      "a drive after a dot",
      patch(zip, "data/one.jpg", "./C:/one.jpg"),
      'Unsafe filename ("C:/one.jpg")',
    ],
    [
      "a name that leads out by backslashes",
      patch(zip, "data/one.jpg", "..\\a\\one.jpg"),
      'Unsafe filename ("../a/one.jpg")',
    ],
    [
      "one that leads out after a dot",
      patch(zip, "data/one.jpg", ".\\../one.jpg"),
      'Unsafe filename ("../one.jpg")',
    ],
    [
      "a name that occurs twice, once with ./",
      await makeZip(tree("a.jpg", "./a.jpg")),
      '"a.jpg": its name occurs twice',
    ],
    [
      "a name that occurs twice, once with a backslash",
      await makeZip(tree("d/a.jpg", "d\\a.jpg")),
      '"d/a.jpg": its name occurs twice',
    ],
    ["a line break", await makeZip(tree("größe\n.jpg")), "a control character"],
    ["a name that occurs twice", two, '"data/one.jpg": its name occurs twice'],
    ["a link", await makeZip(tree("a.jpg"), attributes(0o120777)), '"a.jpg": a link'],
    ["a device", await makeZip(tree("a.jpg"), attributes(0o060644)), "special file"],
    [
      "a password",
      await makeZip(tree("a.jpg"), { password: "x" }),
      "photos.zip is encrypted: unpack it yourself and name the folder",
    ],
    [
      "a file that is a folder too",
      await makeZip(tree("a", "a/b")),
      '"a/b": another has the same path',
    ],
    ["one deeper", await makeZip(tree("a", "a/b/c")), '"a/b/c": another has the same path'],
    ["too many entries", zip, "more than 1 entries", { maxEntries: 1 }],
    ["a large entry", zip, "12 bytes, over 11", { maxEntryBytes: 11 }],
    ["large entries together", zip, "24 bytes up to here, over 23", { maxTotalBytes: 23 }],
    ["a bomb", zeros, '"zeros.jpg": 1000000 bytes up to here, over 100 times'],
    ["an empty archive", await makeZip({}), "it has no entries"],
    ["a prepended archive", Uint8Array.from([...zip, ...zip]), "Ambiguous"],
    ["appended bytes", Uint8Array.from([...zip, 0]), "Ambiguous archive (appended data)"],
  ];
  for (const [name, bytes, part, options] of cases) {
    const error = await assertRejects(() => unpack(bytes, options), Deno.errors.InvalidData);
    assertStringIncludes(error.message, part, `${name}: ${error.message}`);
  }
});

Deno.test("unpackArchive() takes names with ./, double slashes and backslashes", async () => {
  const files = ["./with_mask/1.jpg", "with_mask/./2.jpg", "with_mask//3.jpg", "with_mask\\4.jpg"];
  const zip = await makeZip({
    "./": new Uint8Array(),
    "./with_mask/": new Uint8Array(),
    ...tree(...files, ".\\without_mask\\5.jpg"),
  });
  const unpacked = await unpack(zip);
  assertEquals(Object.keys(unpacked), [
    ...[1, 2, 3, 4].map((i) => `with_mask/${i}.jpg`),
    "without_mask/5.jpg",
  ]);
  assertEquals(unpacked["with_mask/4.jpg"], new TextEncoder().encode("with_mask\\4.jpg"));
});

Deno.test("unpackArchive() takes names in any code page, and keeps them apart", async () => {
  const names = ["d/one.jpg", "d/two.jpg", "d/six.jpg"];
  const bytesOf = (...bytes: number[]) => String.fromCharCode(...bytes);
  const cases: [name: string, isUtf8: boolean, [from: string, to: string][], expected: string[]][] =
    [
      // A name is decoded from code page 437 where its bytes are not UTF-8.
      ["code page 437", false, [["one", bytesOf(0x81, 0xe1, 0x6e)]], ["üßn", "six", "two"]],
      ["code page 1252", false, [["one", bytesOf(0xfc, 0xdf, 0x6e)]], ["ⁿ▀n", "six", "two"]],
      ["code page 936", false, [["one", bytesOf(0x6e, 0xbf, 0xda)]], ["n┐┌", "six", "two"]],
      ["UTF-8 that is not called so", false, [["one", bytesOf(0xc3, 0xbc, 0x6e)]], [
        "six",
        "two",
        "ün",
      ]],
      ["control characters", false, [["one", bytesOf(0x01, 0x0a, 0x7f)]], ["six", "two", "☺◙⌂"]],
      // Replacement characters would make one name of these two.
      [
        "what is wrongly called UTF-8",
        true,
        [["one", bytesOf(0x61, 0xff, 0x62)], ["two", bytesOf(0x61, 0xfe, 0x62)]],
        ["a%FEb", "a%FFb", "six"],
      ],
    ];
  for (const [name, useUnicodeFileNames, changes, expected] of cases) {
    let zip = await makeZip(tree(...names), { useUnicodeFileNames });
    for (const [from, to] of changes) zip = patch(zip, `d/${from}.jpg`, `d/${to}.jpg`);
    const unpacked = Object.keys(await unpack(zip));
    assertEquals([name, unpacked], [name, expected.map((stem) => `d/${stem}.jpg`).sort()]);
  }
});

Deno.test("unpackArchive() says what a file is that is not a zip, and what to do", async () => {
  const latin1 = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
  const tar = latin1("1.jpg".padEnd(257, "\0") + "ustar\x0000".padEnd(1000, "\0"));
  const unpackIt = "unpack it yourself and name the folder";
  const photos = "name a folder of photos, or a zip of such a folder";
  const cases: [name: string, bytes: Uint8Array, message: string][] = [
    ["a tar.gz", gzipSync(tar), `is not a zip (found: tar.gz archive): ${unpackIt}`],
    ["a gzip", gzipSync(latin1("text")), `is not a zip (found: gzip archive): ${unpackIt}`],
    ["a damaged gzip", latin1("\x1f\x8bgz"), `is not a zip (found: gzip archive): ${unpackIt}`],
    ["a tar", tar, `is not a zip (found: tar archive): ${unpackIt}`],
    ["a 7z", latin1("7z\xbc\xaf\x27\x1c"), `is not a zip (found: 7z archive): ${unpackIt}`],
    ["a RAR", latin1("Rar!\x1a\x07\x01"), `is not a zip (found: RAR archive): ${unpackIt}`],
    ["an xz", latin1("\xfd7zXZ\0"), `is not a zip (found: xz archive): ${unpackIt}`],
    ["a bzip2", latin1("BZh91AY&SY"), `is not a zip (found: bzip2 archive): ${unpackIt}`],
    ["a photo", latin1("\xff\xd8\xff\xe0"), `is not a zip (found: JPEG): ${photos}`],
    [
      "a page",
      latin1("<!DOCTYPE html><title>Sign in"),
      "is not a zip (found: A web page): download the zip again, signed in where that is needed",
    ],
    [
      "a pointer",
      latin1("version https://git-lfs.github.com/spec/v1"),
      "is not a zip (found: Git LFS pointer): fetch the zip by `git lfs pull`",
    ],
    ["nothing", new Uint8Array(), "is empty: copy or download it again"],
    ["text", latin1("text".repeat(9)), "is not a zip, or is cut short: copy or download it again"],
    ["little text", latin1("text"), "is not a zip, or is cut short: copy or download it again"],
    ["half a zip", ZIP.slice(0, 500), "is not a zip, or is cut short: copy or download it again"],
    [
      "the last part of a zip",
      ZIP.with(ZIP.length - 18, 1),
      `is one part of a split zip: join its parts, or ${unpackIt}`,
    ],
    [
      "the first part of a zip",
      latin1("PK\x07\x08PK\x03\x04".padEnd(99)),
      `is one part of a split zip: join its parts, or ${unpackIt}`,
    ],
    [
      "a rare compression",
      await rarelyCompressed(),
      `is compressed in a way that cannot be read: ${unpackIt}`,
    ],
  ];
  for (const [name, bytes, message] of cases) {
    const error = await assertRejects(
      () => unpack(Uint8Array.from(bytes)),
      Deno.errors.InvalidData,
    );
    assertEquals([name, error.message.replace(/^.*photos\.zip /, "")], [name, message]);
  }
});

/** A zip that says of its only entry that it is compressed with PPMd. */
async function rarelyCompressed(): Promise<Bytes> {
  const zip = await makeZip(tree("a.jpg"), { level: 0, dataDescriptor: false });
  const view = new DataView(zip.buffer);
  view.setUint16(8, 98, true);
  view.setUint16(view.getUint32(zip.length - 6, true) + 10, 98, true);
  return zip;
}

Deno.test("unpackArchive() stops at an entry that is longer than it says", async () => {
  const zip = await makeZip({ "zeros.jpg": new Uint8Array(20_000_000) });
  const declared = String.fromCharCode(0x00, 0x2d, 0x31, 0x01); // 20,000,000
  const lying = patch(zip, declared, String.fromCharCode(0x10, 0, 0, 0));
  await assertRejects(
    () => unpack(lying),
    Deno.errors.InvalidData,
    '"zeros.jpg": Invalid uncompressed',
  );
});

Deno.test("unpackArchive() refuses entries that share their bytes", async () => {
  const plain = { level: 0, dataDescriptor: false, zip64: false };
  const directoryOf = (zip: Bytes) => new DataView(zip.buffer).getUint32(zip.length - 6, true);
  // The bytes of a.jpg are the whole record of b.jpg, and the directory names both.
  const inner = await makeZip(tree("b.jpg"), plain);
  const start = directoryOf(inner);
  const outer = await makeZip({ "a.jpg": inner.slice(0, start) }, plain);
  const entry = inner.slice(start, -22);
  new DataView(entry.buffer).setUint32(42, directoryOf(outer) - start, true);
  const end = new DataView(outer.slice(-22).buffer);
  end.setUint16(8, 2, true);
  end.setUint16(10, 2, true);
  end.setUint32(12, end.getUint32(12, true) + entry.length, true);
  const zip = Uint8Array.from([...outer.slice(0, -22), ...entry, ...new Uint8Array(end.buffer)]);
  await assertRejects(() => unpack(zip), Deno.errors.InvalidData, "entries overlap");
});

Deno.test("unpackArchive() refuses a target that exists, and a zip that does not", async () => {
  await withFolder(async (folder) => {
    const zipFile = join(folder, "photos.zip");
    await assertRejects(
      () => unpackArchive(zipFile, join(folder, "new")),
      Deno.errors.NotFound,
      zipFile,
    );
    await Deno.writeFile(zipFile, ZIP);
    await assertRejects(() => unpackArchive(zipFile, folder), Deno.errors.AlreadyExists, folder);
    assertEquals(await listFiles(folder), ["photos.zip"]);
  });
});

Deno.test("unpackArchive() gives the same result to concurrent callers", async () => {
  await withFolder(async (folder) => {
    const [zipFile, target] = [join(folder, "photos.zip"), join(folder, "photos")];
    await Deno.writeFile(zipFile, ZIP);
    await Promise.all(Array.from({ length: 4 }, () => unpackArchive(zipFile, target)));
    assertEquals(await readTree(target), TREE);
  });
});

Deno.test("unpackArchive() removes what a killed process left", async () => {
  await withFolder(async (folder) => {
    const [zipFile, target] = [join(folder, "photos.zip"), join(folder, "photos")];
    await Deno.writeFile(zipFile, ZIP);
    await Deno.mkdir(join(folder, ".photos-part/made"), { recursive: true });
    await Deno.writeTextFile(join(folder, ".photos-part/made/stale.jpg"), "");
    await unpackArchive(zipFile, target);
    assertEquals(await readTree(target), TREE);
    assertEquals((await listFiles(folder)).filter((name) => name.startsWith(".")), []);
  });
});

Deno.test("unpackArchive() stops when it is aborted, and leaves nothing", async () => {
  for (const stage of ["Checking", "Unpacking"]) {
    const controller = new AbortController();
    const reason = new Error(stage);
    const onProgress = (progress: { stage: string }) =>
      progress.stage.startsWith(stage) && controller.abort(reason);
    const error = await assertRejects(() => unpack(ZIP, { signal: controller.signal, onProgress }));
    assertEquals(error, reason);
  }
});

/** Damages a zip in one of the ways that disks, networks and people do. */
function mutate(zip: Bytes, random: Random): Bytes {
  const place = () => Math.floor(random() * zip.length);
  // Half of all damage goes to the last 500 bytes, where the directory is.
  const at = random() < 0.5 ? place() : Math.max(0, zip.length - 1 - Math.floor(random() * 500));
  const length = Math.min(1 + Math.floor(random() * 64), zip.length - at);
  const bytes = zip.slice();
  switch (Math.floor(random() * 6)) {
    case 0:
      bytes[at]! ^= 1 << Math.floor(random() * 8);
      return bytes;
    case 1:
      return bytes.slice(0, at);
    case 2:
      return bytes.fill(0, at, at + length);
    case 3:
      return bytes.fill(255, at, at + 4);
    case 4:
      return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + length)]);
    default:
      return bytes.copyWithin(place(), at, at + length);
  }
}

Deno.test("unpackArchive() takes a damaged zip whole or refuses it by name", async () => {
  const small = makeTree(2, 400);
  const zips = [await makeZip(small), await makeZip(small, { level: 0, dataDescriptor: false })];
  const outcomes = { same: 0, refused: 0 };
  for (let seed = 0; seed < 300; seed++) {
    const zip = mutate(zips[seed % 2]!, seededRandom(seed));
    try {
      assertEquals(await unpack(zip), small, `seed ${seed}`);
      outcomes.same++;
    } catch (error) {
      assert(error instanceof Deno.errors.InvalidData, `seed ${seed}: ${Deno.inspect(error)}`);
      assertMatch(
        error.message,
        /photos\.zip is (damaged or unsafe|not a zip, or is cut short|encrypted|empty|compressed)/,
      );
      outcomes.refused++;
    }
  }
  assert(outcomes.same > 5 && outcomes.refused > 200, JSON.stringify(outcomes));
});
