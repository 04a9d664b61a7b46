/** Saves the metrics of a training run for spreadsheets and TensorBoard. */
import { dirname, join } from "node:path";
import { writeWhole, writeWholeFolder } from "../files.ts";
import { tf } from "../engine/tensorflow.ts";
import type { History } from "../types.ts";

/** Column names of Keras's CSVLogger; its epochs count from 0, these from 1. */
const HEAD = "epoch,loss,accuracy,val_loss,val_accuracy";

/**
 * Writes `history.csv`, with one line per epoch, and `logs` for TensorBoard (`tensorboard --logdir`) to the model's
 * folder. Files of an earlier training are replaced.
 *
 * @param history One number per epoch in each array.
 * @param folder The model's folder.
 * @throws the system's error if it cannot be written
 * @example
 * ```ts
 * import { saveHistory } from "./save_history.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const history = { loss: [0.6], accuracy: [0.7], valLoss: [0.5], valAccuracy: [0.8] };
 * await saveHistory(history, folder);
 * console.log(await Deno.readTextFile(`${folder}/history.csv`));
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function saveHistory(history: History, folder: string): Promise<void> {
  const { loss, accuracy, valLoss, valAccuracy } = history;
  const rows = loss.map((_, i) => [i + 1, loss[i], accuracy[i], valLoss[i], valAccuracy[i]].join());
  await writeWhole(join(folder, "history.csv"), [HEAD, ...rows, ""].join("\n"));
  await writeWholeFolder(join(folder, "logs"), async (logs) => {
    // TensorFlow treats a folder of the same name as the same log, even after it was removed.
    const part = join(dirname(logs), crypto.randomUUID());
    await Deno.mkdir(part);
    writeLog(join(part, "train"), { epoch_loss: loss, epoch_accuracy: accuracy });
    writeLog(join(part, "validation"), { epoch_loss: valLoss, epoch_accuracy: valAccuracy });
    for (const name of ["train", "validation"]) {
      await Deno.rename(join(part, name), join(logs, name));
    }
  });
}

/** Writes the log of Keras's callback, by TensorFlow's writer in tfjs-node. */
function writeLog(folder: string, series: Record<string, number[]>): void {
  tf.tidy(() => {
    const writer = tf.node.summaryFileWriter(folder);
    for (const [name, values] of Object.entries(series)) {
      values.forEach((value, i) => writer.scalar(name, value, i + 1));
    }
    writer.flush();
  });
}
