/** This project's process of bench/load.ts: reads JSON lines on stdin, answers with JSON lines on stdout. */
import { loadImages } from "../lib/images/load_images.ts";
import type { Answer, Request } from "./load.ts";
import { readLines } from "./peers.ts";

const cache = await Deno.makeTempDir({ prefix: "face-mask-bench-" });
try {
  for await (const line of readLines(Deno.stdin.readable)) {
    const { way, files }: Request = JSON.parse(line);
    const samples = files.map((file) => ({ file, className: "with_mask" as const }));
    const start = performance.now();
    const images = await loadImages(samples, { cache: way === "cache" && cache });
    const seconds = (performance.now() - start) / 1000;
    const answer: Answer = { seconds, images: images.samples.length };
    console.log(JSON.stringify(answer));
  }
} finally {
  await Deno.remove(cache, { recursive: true });
}
