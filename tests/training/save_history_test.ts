import { assertAlmostEquals, assertEquals } from "@std/assert";
import { join } from "node:path";
import { saveHistory } from "../../lib/training/save_history.ts";
import { assertNoLeak, withFolder } from "../fixtures/photos.ts";

const HISTORY = {
  loss: [0.75, 0.5],
  accuracy: [0.25, 1],
  valLoss: [0.125, NaN],
  valAccuracy: [0.5, 0.625],
};

/** The scalars in an event file, tag by tag: TensorFlow's records of a small protocol buffer each. */
async function readScalars(
  folder: string,
): Promise<Record<string, [step: number, value: number][]>> {
  const [file] = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  const bytes = await Deno.readFile(join(folder, file!));
  const view = new DataView(bytes.buffer);
  const scalars: Record<string, [number, number][]> = {};
  for (let at = 0; at < bytes.length;) {
    const length = Number(view.getBigUint64(at, true));
    // After the length and its checksum: Event { 1: time (double), 2: step, 5: Summary { 1: Value { 1: tag, 2: value } } }
    const text = String.fromCharCode(...bytes.subarray(at + 12, at + 12 + length));
    const found = text.match(/^[^]{10}([^])[^]{6}(epoch_\w+)[^]([^]{4})$/);
    if (found) {
      const value = Uint8Array.from(found[3]!, (char) => char.charCodeAt(0));
      const number = new DataView(value.buffer).getFloat32(0, true);
      (scalars[found[2]!] ??= []).push([found[1]!.charCodeAt(0), number]);
    }
    at += 12 + length + 4;
  }
  return scalars;
}

Deno.test("saveHistory() writes a line per epoch, and logs that TensorBoard reads, anew each time", async () => {
  await withFolder(async (folder) => {
    await assertNoLeak(async () => {
      for (let times = 0; times < 2; times++) await saveHistory(HISTORY, folder);
    });
    const csv = await Deno.readTextFile(join(folder, "history.csv"));
    assertEquals(csv.split("\n"), [
      "epoch,loss,accuracy,val_loss,val_accuracy",
      "1,0.75,0.25,0.125,0.5",
      "2,0.5,1,NaN,0.625",
      "",
    ]);
    const names = (folder: string) => Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    assertEquals((await names(folder)).sort(), ["history.csv", "logs"]);
    assertEquals((await names(join(folder, "logs"))).sort(), ["train", "validation"]);

    const train = await readScalars(join(folder, "logs/train"));
    assertEquals(train, { epoch_loss: [[1, 0.75], [2, 0.5]], epoch_accuracy: [[1, 0.25], [2, 1]] });
    const { epoch_loss, epoch_accuracy } = await readScalars(join(folder, "logs/validation"));
    assertEquals(epoch_accuracy, [[1, 0.5], [2, 0.625]]);
    assertAlmostEquals(epoch_loss![0]![1], 0.125);
    assertEquals(epoch_loss![1]![1], NaN);
  });
});
