/** The sound files that mutations start from: drawn here, and real ones where the archives are. */
import { join } from "node:path";
import { type FileEntry, Reader, Uint8ArrayWriter, ZipReader } from "@zip.js/zip.js";
import sharp, { type Sharp } from "sharp";
import { writeSampleFaces } from "../../lib/data/sample_faces.ts";
import { seededRandom, shuffle } from "../../lib/random.ts";
import { makeTree, makeZip, withFolder } from "../fixtures/zips.ts";
import type { Bytes } from "./bytes.ts";

const ARCHIVES = join(import.meta.dirname!, "../../../shared/data");
/** Small ones, as the time goes by bytes and the ways to go wrong do not. */
const MAX_BYTES = 30_000;
const REAL_FILES = 40;

/** Sound files of a kind. */
export async function readSeeds(kind: string): Promise<Bytes[]> {
  switch (kind) {
    case "jpeg":
      return [...await drawJpegs(), ...await readReal("face-mask-dataset.zip", isJpeg)];
    case "png":
      return [...await drawPngs(), ...await readReal("face-mask-dataset.zip", isPng)];
    case "xml":
      return [...writeAnnotations(), ...await readReal("face-mask-detection.zip", isXml)];
    default:
      return await writeZips();
  }
}

const isJpeg = (bytes: Bytes) => bytes[0] === 0xff && bytes[1] === 0xd8;
const isPng = (bytes: Bytes) => bytes[0] === 0x89 && bytes[1] === 0x50;
const isXml = (bytes: Bytes) => bytes[0] === 0x3c;

/** Reads an archive where zip.js wants it, and not as a whole: what is measured is memory. */
class FileReader extends Reader<Deno.FsFile> {
  constructor(private readonly file: Deno.FsFile) {
    super(file);
    this.size = file.statSync().size;
  }

  override async readUint8Array(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(Math.min(length, this.size - offset));
    await this.file.seek(offset, Deno.SeekMode.Start);
    for (let at = 0; at < bytes.length;) at += await this.file.read(bytes.subarray(at)) ?? NaN;
    return bytes;
  }
}

async function readReal(archive: string, isWanted: (bytes: Bytes) => boolean): Promise<Bytes[]> {
  const file = join(ARCHIVES, archive), found: Bytes[] = [];
  if (!await Deno.stat(file).then(() => true, () => false)) return found;
  using opened = await Deno.open(file);
  const zip = new ZipReader(new FileReader(opened), { useWebWorkers: false });
  const entries = (await zip.getEntries()).filter((entry) =>
    !entry.directory && entry.uncompressedSize < MAX_BYTES
  ) as FileEntry[];
  for (const entry of shuffle(entries, seededRandom(1))) {
    if (found.length === REAL_FILES) break;
    const bytes = Uint8Array.from(await entry.getData(new Uint8ArrayWriter()));
    if (isWanted(bytes)) found.push(bytes);
  }
  await zip.close();
  return found;
}

async function drawJpegs(): Promise<Bytes[]> {
  const drawn: Bytes[] = [];
  await withFolder(async (folder) => {
    await writeSampleFaces(join(folder, "faces"), { count: 4, seed: 3 });
    for (const name of ["with_mask", "without_mask"]) {
      drawn.push(await Deno.readFile(join(folder, "faces", name, `${name}_1.jpg`)));
    }
  });
  const photo = () => sharp(drawn[0]).resize(90, 60, { fit: "fill" });
  return [
    ...drawn,
    ...await Promise.all([
      photo().jpeg({ progressive: true }),
      photo().greyscale().jpeg(),
      photo().toColourspace("cmyk").jpeg(),
      photo().withMetadata({ orientation: 6 }).jpeg({ chromaSubsampling: "4:4:4" }),
    ].map(encode)),
  ];
}

async function drawPngs(): Promise<Bytes[]> {
  const photo = () => sharp(PIXELS, { raw: { width: 32, height: 24, channels: 4 } });
  return await Promise.all([
    photo().png(),
    photo().png({ palette: true }),
    photo().png({ progressive: true }),
    photo().toColourspace("rgb16").png(),
    photo().removeAlpha().greyscale().withMetadata({ orientation: 3 }).png(),
  ].map(encode));
}

const PIXELS = Uint8Array.from({ length: 32 * 24 * 4 }, (_, i) => i * i / 7);

async function encode(photo: Sharp): Promise<Bytes> {
  return Uint8Array.from(await photo.toBuffer());
}

function writeAnnotations(): Bytes[] {
  const face = (name: string, left: number) => `
    <object><name>${name}</name><pose>Unspecified</pose><occluded>0</occluded>
      <bndbox><xmin>${left}</xmin><ymin>5</ymin><xmax>${left + 20}</xmax><ymax>40</ymax></bndbox>
    </object>`;
  const faces = [face("with_mask", 1), face("without_mask", 30), face("mask_weared_incorrect", 60)];
  return [faces, faces.slice(0, 1)].map((list) =>
    new TextEncoder().encode(`<annotation>
    <folder>images</folder><filename>a.jpg</filename>
    <size><width>90</width><height>60</height><depth>3</depth></size>${list.join("")}
  </annotation>`)
  );
}

async function writeZips(): Promise<Bytes[]> {
  const tree = makeTree(1, 400);
  const zeros = { "data/with_mask/zeros.jpg": new Uint8Array(2 ** 25) };
  const options = [{}, { level: 0 }, { dataDescriptor: false }, { zip64: true }, {
    level: 0,
    dataDescriptor: false,
  }];
  return await Promise.all([
    ...options.map((option) => makeZip(tree, option)),
    makeZip({ "data/": new Uint8Array(), ...tree }),
    makeZip(zeros),
  ]);
}
