/** Photos and PASCAL VOC annotations, in a folder each, to samples. */
import { extname, join } from "@std/path";
import type { Scan } from "./dataset.ts";
import { listFolder, stem } from "./list_folder.ts";
import { type Annotation, parseAnnotation } from "./voc.ts";

/** Kaggle's largest annotation, of 115 faces, has 39 kB. */
const MAX_XML_BYTES = 2 ** 20;

/** Lists each face of each annotation as a sample; a photo belongs to the annotation of its name. */
export async function scanVoc(imageFolder: string, annotationFolder: string): Promise<Scan> {
  const scan: Scan = { samples: [], photos: [], unreadable: [], notes: [] };
  const photos = (await listFolder(imageFolder)).files;
  const xmlFiles = (await listFolder(annotationFolder)).files
    .filter((name) => extname(name).toLowerCase() === ".xml");
  const photosOf = Map.groupBy(photos, stem);
  const annotatedStems = new Set(xmlFiles.map(stem));
  const unused = new Set(photos);

  for (const name of xmlFiles) {
    const file = join(annotationFolder, name);
    const note = (reason: string) => scan.notes.push({ file, reason });
    let annotation: Annotation;
    try {
      annotation = await readAnnotation(file);
    } catch (error) {
      scan.unreadable.push({ file, reason: (error as Error).message });
      continue;
    }
    const { filename = "" } = annotation;
    const named = unused.has(filename) && !annotatedStems.has(stem(filename))
      ? filename
      : undefined;
    const own = photosOf.get(stem(name)) ?? [];
    const photo = own.find((photo) => photo === filename) ?? own[0] ?? named;
    if (photo === undefined) {
      const reason = `no photo ${stem(name)}.* in ${imageFolder}; <filename> is ${
        JSON.stringify(filename)
      }`;
      scan.unreadable.push({ file, reason });
      continue;
    }
    unused.delete(photo);
    if (photo !== filename) note(`<filename> is ${JSON.stringify(filename)}: uses ${photo}`);
    if (!own.includes(photo)) note(`no photo ${stem(name)}.*: uses its <filename>, ${photo}`);
    for (const reason of annotation.dropped) scan.unreadable.push({ file, reason });
    for (const reason of annotation.notes) note(reason);
    scan.photos.push(join(imageFolder, photo));
    for (const face of annotation.faces) {
      scan.samples.push({ file: join(imageFolder, photo), ...face });
    }
  }
  for (const photo of unused) {
    scan.notes.push({ file: join(imageFolder, photo), reason: "no annotation: not used" });
  }
  return scan;
}

async function readAnnotation(file: string): Promise<Annotation> {
  const { size } = await Deno.stat(file);
  if (size > MAX_XML_BYTES) {
    throw new RangeError(`needs an annotation of at most ${MAX_XML_BYTES} bytes, got ${size}`);
  }
  return parseAnnotation(await Deno.readTextFile(file));
}
