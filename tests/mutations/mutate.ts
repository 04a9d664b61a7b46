/** Damages files as disks, networks and attackers do: seeded, by bytes and by what the format says. */
import type { Random } from "../../lib/types.ts";
import { below, BYTE_WAYS, type Bytes, type Mutate, pick } from "./bytes.ts";
import { JPEG_WAYS } from "./jpeg.ts";
import { PNG_WAYS } from "./png.ts";
import { XML_WAYS } from "./xml.ts";
import { ZIP_WAYS } from "./zip.ts";

const FORMAT_WAYS: Record<string, Record<string, Mutate>> = {
  jpeg: JPEG_WAYS,
  png: PNG_WAYS,
  xml: XML_WAYS,
  zip: ZIP_WAYS,
};

/**
 * Damages a file in one to three ways, half of them those of its format.
 *
 * @param kind jpeg, png, xml or zip
 * @param other Another file of that kind.
 * @returns a copy, and the names of what was done to it
 */
export function mutate(
  kind: string,
  bytes: Bytes,
  random: Random,
  other: Bytes,
): { bytes: Bytes; done: string[] } {
  const done: string[] = [];
  for (let left = 1 + below(3, random); left > 0; left--) {
    const ways = random() < 0.5 ? FORMAT_WAYS[kind]! : BYTE_WAYS;
    const [name, way] = pick(Object.entries(ways), random);
    bytes = way(bytes, random, other);
    done.push(name);
  }
  return { bytes, done };
}
