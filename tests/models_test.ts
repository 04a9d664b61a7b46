import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { parse } from "yaml";

const MODELS = join(import.meta.dirname!, "../models");

/** What Hugging Face reads at the head of a card: https://huggingface.co/docs/hub/model-cards */
interface Head {
  license: string;
  tags: string[];
  datasets: string[];
  metrics: string[];
  "model-index": {
    name: string;
    results: {
      task: { type: string };
      dataset: { name: string; type: string };
      metrics: { type: string; name: string; value: number }[];
    }[];
  }[];
}

/** The folders of models that ship. */
async function listModels(): Promise<string[]> {
  const { stdout } = await new Deno.Command("git", {
    args: ["ls-files", "models"],
    cwd: join(MODELS, ".."),
  }).output();
  const files = new TextDecoder().decode(stdout).trim().split("\n");
  return [
    ...new Set(
      files.map((file) => file.split("/")).filter((it) => it.length > 2).map((it) => it[1]!),
    ),
  ];
}

for (const name of await listModels()) {
  Deno.test(`models/${name} has a card that Hugging Face can read`, async () => {
    const card = await Deno.readTextFile(join(MODELS, name, "README.md"));
    const [, yaml, text] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(card) ?? [];
    assert(yaml && text, "no YAML between two lines of ---");
    const head = parse(yaml) as Head;
    assertEquals(head.license, "mit");
    for (const key of ["tags", "datasets", "metrics"] as const) {
      assert(Array.isArray(head[key]) && head[key].length > 0, key);
    }
    const results = head["model-index"].flatMap(({ results }) => results);
    assert(results.length > 0);
    for (const { task, dataset, metrics } of results) {
      assert(task.type && dataset.name && dataset.type);
      for (const { type, value, name } of metrics) {
        assert(type && Number.isFinite(value), type);
        assert(/\bn = [\d,]+|\d+ (photos|faces)/.test(`${name} ${dataset.name}`), `${type}: no n`);
      }
    }
    assert(/licen[cs]e/i.test(text), "the text says nothing of licences");
    assert(/```sh\n|`deno task /.test(text), "no command");
  });
}
