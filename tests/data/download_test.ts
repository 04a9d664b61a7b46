import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { downloadDataset, type DownloadOptions } from "../../lib/data/download.ts";
import { FetchError } from "../../lib/data/fetch_file.ts";
import { seededRandom } from "../../lib/random.ts";
import type { Progress } from "../../lib/types.ts";
import { type Fault, KaggleServer } from "../fixtures/kaggle_server.ts";
import { listFiles, makeTree, makeZip, readTree, type Tree, withFolder } from "../fixtures/zips.ts";

const NAME = "omkargurav/face-mask-dataset";
const TREES: [Tree, Tree] = [makeTree(1), makeTree(2)];
const ZIPS: [Uint8Array, Uint8Array] = [await makeZip(TREES[0]), await makeZip(TREES[1])];
const SECRET = "KGAT_0123456789abcdef";

/** Runs `work` with a server of its own and the options that point to it and to a temporary folder. */
async function withKaggle(
  work: (kaggle: KaggleServer, options: DownloadOptions & { folder: string }) => Promise<void>,
): Promise<void> {
  await using kaggle = new KaggleServer(ZIPS);
  const settings = { baseUrl: kaggle.baseUrl, env: () => undefined, backoffMs: 1 };
  await withFolder((folder) => work(kaggle, { ...settings, folder }));
}

/** Fails unless the folder holds one of the two versions of the set, and its parent nothing else. */
async function assertWhole(folder: string, { folder: dataFolder }: { folder: string }) {
  assertEquals(folder, join(dataFolder, NAME));
  const tree = await readTree(folder);
  const xml = tree["annotations/a.xml"]?.join();
  const version = TREES.find((known) => known["annotations/a.xml"]!.join() === xml);
  assert(version, "the set is neither the first nor the second version");
  assertEquals(tree, version);
  const others = (await listFiles(dataFolder)).filter((file) => !file.startsWith(`${NAME}/`));
  assertEquals(others, []);
}

const KINDS: Fault["kind"][] = [
  ...["cut", "reset", "stall", "silence", "hang-up", "long", "short", "corrupt"] as const,
  ...["no-range", "wrong-range", "new-version", "weak-tag", "no-tag", "chunked"] as const,
  ...["wrong-type", "html", "busy", "500", "503", "loop"] as const,
];

Deno.test("downloadDataset() ends in a whole set or a clear error, whatever goes wrong", async () => {
  const outcomes = { whole: 0, error: 0 };
  const run = (seed: number) =>
    withKaggle(async (kaggle, options) => {
      const random = seededRandom(seed);
      kaggle.faults = Array.from({ length: 1 + Math.floor(random() * 6) }, () => ({
        kind: KINDS[Math.floor(random() * KINDS.length)]!,
        at: random(),
      }));
      const about = `seed ${seed}, ${kaggle.faults.map(({ kind, at }) => `${kind} at ${at}`)}`;
      try {
        const folder = await downloadDataset(NAME, { ...options, retries: 2, stallTimeoutMs: 100 });
        await assertWhole(folder, options);
        outcomes.whole++;
      } catch (error) {
        const { message } = error as Error;
        assert(
          error instanceof FetchError || error instanceof Deno.errors.InvalidData,
          `${about}: ${Deno.inspect(error)}`,
        );
        assertMatch(message, /^omkargurav\/face-mask-dataset c.*Run again, or by hand: .*\.zip\.$/);
        assert(!/undefined|NaN/.test(message), `${about}: ${message}`);
        assert(!/Signature/.test(Deno.inspect(error)), `${about}: a signed address is shown`);
        assertEquals(await listFiles(options.folder), [], about);
        outcomes.error++;
      }
      kaggle.faults = [];
      await assertWhole(await downloadDataset(NAME, options), options);
    });
  const seeds = Array.from({ length: 240 }, (_, seed) => seed).values();
  await Promise.all(Array.from({ length: 4 }, async () => {
    for (const seed of seeds) await run(seed);
  }));
  assert(outcomes.whole > 60 && outcomes.error > 60, `one-sided: ${JSON.stringify(outcomes)}`);
});

Deno.test("downloadDataset() takes what is there without a request", async () => {
  await withKaggle(async (kaggle, options) => {
    const first = await downloadDataset(NAME, options);
    const requests = kaggle.seen.length;
    assertEquals(await downloadDataset(NAME, options), first);
    assertEquals(kaggle.seen.length, requests);
  });
});

Deno.test("downloadDataset() goes on where it was cut", async () => {
  await withKaggle(async (kaggle, options) => {
    kaggle.faults = [{ kind: "cut", at: 0.5 }, { kind: "reset", at: 0.5 }];
    await assertWhole(await downloadDataset(NAME, options), options);
    const asked = kaggle.seen.filter(({ host }) => host === "storage").slice(1)
      .map(({ headers }) => [headers.get("range"), headers.get("if-range")]);
    const half = Math.floor(ZIPS[0].length / 2);
    assertEquals(asked[0], [`bytes=${half}-`, '"version-0"']);
  });
});

Deno.test("downloadDataset() starts anew if the archive changed after a cut", async () => {
  await withKaggle(async (kaggle, options) => {
    kaggle.faults = [{ kind: "cut", at: 0.5 }, { kind: "new-version", at: 0 }];
    const folder = await downloadDataset(NAME, options);
    assertEquals(await readTree(folder), TREES[1]);
  });
});

Deno.test("downloadDataset() tells each failure and what to do", async () => {
  const { NotFound, PermissionDenied } = Deno.errors;
  const token = { KAGGLE_API_TOKEN: SECRET };
  const old = { ...token, KAGGLE_USERNAME: "me", KAGGLE_KEY: SECRET };
  const page = `https://www.kaggle.com/datasets/${NAME}`;
  const settings = "https://www.kaggle.com/settings/api";
  const cases: [
    string,
    Record<string, string>,
    number[],
    new (message: string) => Error,
    string[],
  ][] = [
    ["no such set", {}, [404], NotFound, ["no data set", page]],
    ["none with a token either", token, [404, 404], NotFound, ["no data set", page]],
    ["no token", {}, [403], PermissionDenied, ["no token was found", settings, page]],
    ["half a key", { KAGGLE_KEY: SECRET }, [403], PermissionDenied, [
      "no token was found that can be used (KAGGLE_KEY is set, but KAGGLE_USERNAME is not)",
    ]],
    ["wrong token", token, [403, 401], PermissionDenied, ["KAGGLE_API_TOKEN (401)", settings]],
    ["terms", token, [403, 403], PermissionDenied, ["KAGGLE_API_TOKEN (403)", page, "terms"]],
    ["terms, and an old key", old, [403, 403, 401], PermissionDenied, ["(403)", page, "terms"]],
    ["old API", {}, [410], FetchError, ["status 410", page]],
  ];
  for (const [about, env, statuses, errorClass, parts] of cases) {
    await withKaggle(async (kaggle, options) => {
      const coming = statuses.values();
      kaggle.refuse = () => coming.next().value;
      const error = await assertRejects(
        () => downloadDataset(NAME, { ...options, env: (name) => env[name] }),
        errorClass,
        NAME,
      );
      for (const part of parts) {
        assertStringIncludes(error.message, part, `${about}: ${error.message}`);
      }
      assert(!Deno.inspect(error).includes(SECRET), about);
      assertEquals(await listFiles(options.folder), [], about);
    });
  }
});

Deno.test("downloadDataset() shows credentials to Kaggle alone, and only if it asks", async () => {
  await withKaggle(async (kaggle, options) => {
    const told: unknown[] = [];
    kaggle.refuse = (authorization) => authorization === null ? 403 : undefined;
    await downloadDataset(NAME, {
      ...options,
      env: (name) => name === "KAGGLE_API_TOKEN" ? SECRET : undefined,
      onWarning: (message) => told.push(message),
      onProgress: (progress) => told.push(progress),
    });
    assertEquals(
      kaggle.seen.map(({ host, headers }) => [host, headers.get("authorization")]),
      [["api", null], ["api", `Bearer ${SECRET}`], ["storage", null]],
    );
    assert(!JSON.stringify(told).includes(SECRET));
  });
});

Deno.test("downloadDataset() tells how to go on without a network, at once", async () => {
  await withKaggle(async (kaggle, options) => {
    await kaggle[Symbol.asyncDispose]();
    const zip = join(options.folder, `${NAME}.zip`);
    const patient = { ...options, backoffMs: 60_000 };
    const error = await assertRejects(() => downloadDataset(NAME, patient), FetchError, zip);
    assertStringIncludes(error.message, "Check the network");
    assertEquals(await listFiles(options.folder), []);

    await Deno.writeFile(zip, ZIPS[1]);
    assertEquals(await readTree(await downloadDataset(NAME, options)), TREES[1]);
    assertEquals(await Deno.readFile(zip), ZIPS[1], "the user's zip is to stay");
  });
});

Deno.test("downloadDataset() tells a damaged zip of the user", async () => {
  await withKaggle(async (_, options) => {
    const zip = join(options.folder, `${NAME}.zip`);
    await Deno.mkdir(join(zip, ".."), { recursive: true });
    await Deno.writeFile(zip, ZIPS[0].subarray(0, 20_000));
    await assertRejects(() => downloadDataset(NAME, options), Deno.errors.InvalidData, zip);
    assertEquals(await listFiles(options.folder), [`${NAME}.zip`]);
  });
});

Deno.test("downloadDataset() removes what a process left that was killed at the very end", async () => {
  await withKaggle(async (kaggle, options) => {
    const folder = await downloadDataset(NAME, options);
    await Deno.mkdir(`${folder}.download`);
    await Deno.writeFile(`${folder}.download/face-mask-dataset.zip`, ZIPS[0]);
    await Deno.writeTextFile(`${folder}.download.lock`, "");
    const requests = kaggle.seen.length;
    await assertWhole(await downloadDataset(NAME, options), options);
    assertEquals(kaggle.seen.length, requests);
  });
});

Deno.test("downloadDataset() leaves a folder that it did not make", async () => {
  await withKaggle(async (kaggle, options) => {
    const folder = join(options.folder, NAME);
    await Deno.mkdir(folder, { recursive: true });
    await assertRejects(() => downloadDataset(NAME, options), Deno.errors.AlreadyExists, folder);
    assertEquals(kaggle.seen, []);
  });
});

Deno.test("downloadDataset() refuses names of another form", async () => {
  for (
    const name of ["", "face-mask", "a/b/c", "../b", "a/..", "a\\b", "a/b?x", "https://x/y", " a/b"]
  ) {
    await assertRejects(() => downloadDataset(name), TypeError, JSON.stringify(name));
  }
});

Deno.test("downloadDataset() reports the rate and the time left", async () => {
  await withKaggle(async (_, options) => {
    const seen: Progress[] = [];
    await downloadDataset(NAME, { ...options, onProgress: (progress) => seen.push(progress) });
    const stages = seen.map(({ stage }) => stage);
    assertMatch(seen[0]!.detail!, /^\d+\.\d MB\/s, \d+ s left$/);
    for (
      const stage of [
        "Downloading face-mask-dataset.zip",
        "Checking face-mask-dataset.zip",
        "Unpacking face-mask-dataset.zip",
      ]
    ) {
      assert(stages.includes(stage), `no ${stage} in ${stages}`);
    }
    for (const { done, total } of seen) {
      assert(done >= 0 && done <= ZIPS[0].length && total === ZIPS[0].length);
    }
  });
});

Deno.test("downloadDataset() leaves nothing when it is aborted", async () => {
  let aborted = 0;
  for (let seed = 0; seed < 30; seed++) {
    await withKaggle(async (kaggle, options) => {
      const random = seededRandom(seed);
      // Every third stalls, every third waits for its next attempt: the abort ends both.
      const kind = ([undefined, "stall", "503"] as const)[seed % 3];
      if (kind) kaggle.faults = [{ kind, at: random() }];
      const controller = new AbortController();
      const reason = new Error(`seed ${seed}`);
      const timer = setTimeout(() => controller.abort(reason), random() * 25);
      try {
        const patience = { backoffMs: 60_000, signal: controller.signal };
        await assertWhole(await downloadDataset(NAME, { ...options, ...patience }), options);
      } catch (error) {
        assertEquals(error, reason);
        assertEquals(await listFiles(options.folder), []);
        aborted++;
      }
      clearTimeout(timer);
    });
  }
  assert(aborted >= 20, `${aborted} aborted`);
});

/** Starts a download in a process of its own. */
function startProcess({ folder, baseUrl }: DownloadOptions): Deno.ChildProcess {
  const module = pathToFileURL(join(import.meta.dirname!, "../../lib/data/download.ts"));
  const options = JSON.stringify({ folder, baseUrl });
  const code = `import { downloadDataset } from "${module}";
    console.log(await downloadDataset("${NAME}", ${options}));`;
  return new Deno.Command(Deno.execPath(), {
    args: ["eval", code],
    cwd: join(import.meta.dirname!, "../.."),
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

/** Waits until `ready` says so. */
async function until(ready: () => boolean | Promise<boolean>): Promise<void> {
  while (!await ready()) await new Promise((resolve) => setTimeout(resolve, 10));
}

Deno.test("downloadDataset() lets a second process wait for the first", async () => {
  await withKaggle(async (kaggle, options) => {
    kaggle.holdAt = 10_000;
    const children = [startProcess(options), startProcess(options)];
    await until(() => kaggle.seen.some(({ host }) => host === "storage"));
    const onProgress = ({ stage }: Progress) => stage.startsWith("Waiting") && kaggle.go();
    const own = downloadDataset(NAME, { ...options, onProgress });
    for (const { success, stdout } of await Promise.all(children.map((child) => child.output()))) {
      assert(success);
      assertEquals(new TextDecoder().decode(stdout).trim(), await own);
    }
    await assertWhole(await own, options);
    assertEquals(kaggle.seen.filter(({ host }) => host === "storage").length, 1);
  });
});

Deno.test("downloadDataset() may be called at any moment of another's end", async () => {
  for (let round = 0; round < 20; round++) {
    await withKaggle(async (_, options) => {
      let isOver = false;
      const first = downloadDataset(NAME, options).finally(() => isOver = true);
      const others: Promise<string>[] = [];
      while (!isOver) {
        others.push(downloadDataset(NAME, options));
        await new Promise((resolve) => setTimeout(resolve));
      }
      assertEquals(new Set(await Promise.all(others)), new Set([await first]));
    });
  }
});

Deno.test("downloadDataset() goes on after a killed process", async () => {
  await withKaggle(async (kaggle, options) => {
    kaggle.holdAt = 20_000;
    const child = startProcess(options);
    const part = join(options.folder, `${NAME}.download`, "face-mask-dataset.zip");
    await until(() => Deno.stat(part).then(({ size }) => size === kaggle.holdAt, () => false));
    child.kill("SIGKILL");
    await child.output();
    assertEquals(await Deno.stat(join(options.folder, NAME)).catch(() => "none"), "none");

    kaggle.go();
    await assertWhole(await downloadDataset(NAME, options), options);
    assertEquals(kaggle.seen.at(-1)?.headers.get("range"), "bytes=20000-");
  });
});

/** Mounts or unmounts a small disk; tells whether that worked, which mostly needs root on Linux. */
async function run(command: "mount" | "umount", ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args, stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}
const mount = (kilobytes: number, folder: string) =>
  run("mount", "-t", "tmpfs", "-o", `size=${kilobytes}k`, "none", folder);

let canMount = false;
await withFolder(async (folder) => {
  canMount = await mount(16, folder) && await run("umount", folder);
});

Deno.test({
  name: "downloadDataset() leaves nothing on a full disk",
  ignore: !canMount,
  async fn() {
    const outcomes = { whole: 0, full: 0 };
    for (let kilobytes = 16; kilobytes <= 208; kilobytes += 16) {
      await withKaggle(async (_, options) => {
        const disk = join(options.folder, "disk");
        await Deno.mkdir(disk);
        assert(await mount(kilobytes, disk));
        try {
          await assertWhole(await downloadDataset(NAME, { ...options, folder: disk }), {
            folder: disk,
          });
          outcomes.whole++;
        } catch (error) {
          assertMatch((error as Error).message, /^the disk of .* is full/);
          assertEquals(await listFiles(disk), []);
          outcomes.full++;
        } finally {
          await run("umount", disk);
        }
      });
    }
    assert(outcomes.whole > 0 && outcomes.full > 5, JSON.stringify(outcomes));
  },
});
