import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { FetchError, fetchFile, type FetchOptions } from "../../lib/data/fetch_file.ts";
import { withFolder } from "../fixtures/zips.ts";

/** Fetches from a server that answers as told; resolves to what came and how many requests it took. */
async function fetchFrom(
  answer: (request: Request, count: number) => Response,
  options: FetchOptions = {},
): Promise<{ text: string; requests: number; ms: number }> {
  let requests = 0;
  let text = "";
  const started = performance.now();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => answer(request, requests++),
  );
  const url = new URL(`http://127.0.0.1:${server.addr.port}/file`);
  await withFolder(async (folder) => {
    await fetchFile(url, join(folder, "file"), { backoffMs: 1, ...options });
    text = await Deno.readTextFile(join(folder, "file"));
  });
  return { text, requests, ms: performance.now() - started };
}

Deno.test("fetchFile() follows all kinds of redirect", async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    const { text } = await fetchFrom(({ url }, count) =>
      count === 0 ? Response.redirect(new URL("/next", url), status) : new Response("hello")
    );
    assertEquals(text, "hello");
  }
});

Deno.test("fetchFile() refuses redirects that leave the web or go nowhere", async () => {
  for (const location of ["file:///etc/passwd", "data:,x", "ftp://x/y", "http://"]) {
    const answer = () => new Response(null, { status: 302, headers: { location } });
    await assertRejects(() => fetchFrom(answer), FetchError, "redirects to");
  }
});

Deno.test("fetchFile() keeps the authorization within the origin", async () => {
  const headers: (string | null)[] = [];
  await using other = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    headers.push(request.headers.get("authorization"));
    return new Response("hello");
  });
  await fetchFrom((request, count) => {
    headers.push(request.headers.get("authorization"));
    return count === 0
      ? new Response(null, { status: 302, headers: { location: "/next" } })
      : Response.redirect(`http://127.0.0.1:${other.addr.port}/`);
  }, { authorization: "Bearer t" });
  assertEquals(headers, ["Bearer t", "Bearer t", null]);
});

Deno.test("fetchFile() tries again on the statuses that may pass", async () => {
  for (const status of [408, 429, 500, 502, 503, 504]) {
    const { requests } = await fetchFrom((_, count) =>
      new Response("", { status: count ? 200 : status })
    );
    assertEquals(requests, 2, `status ${status}`);
  }
});

Deno.test("fetchFile() does not try again on other statuses", async () => {
  for (const status of [204, 400, 401, 403, 404, 410]) {
    let requests = 0;
    const answer = () => (requests++, new Response(null, { status }));
    const error = await assertRejects(() => fetchFrom(answer), FetchError, `status ${status}`);
    assertEquals([error.status, requests], [status, 1]);
  }
});

Deno.test("fetchFile() gives up after the retries, with doubled waits between", async () => {
  let requests = 0;
  const started = performance.now();
  const answer = () => (requests++, new Response("", { status: 503 }));
  await assertRejects(
    () => fetchFrom(answer, { retries: 3, backoffMs: 10 }),
    FetchError,
    "gave up",
  );
  assertEquals(requests, 4);
  assert(performance.now() - started >= 10 + 20 + 40);
});

Deno.test("fetchFile() waits as long as Retry-After says, in seconds or until a date", async () => {
  const inTwoSeconds = () => new Date(Date.now() + 2000).toUTCString(); // whole seconds: 1 to 2 s from now
  const waits = ["1", inTwoSeconds()].map(async (value) => {
    const { ms } = await fetchFrom((_, count) =>
      new Response("", { status: count ? 200 : 429, headers: { "retry-after": value } })
    );
    assert(ms >= 900, `${value}: ${ms} ms`);
  });
  await Promise.all(waits);
});

Deno.test("fetchFile() does not wait longer than it may", async () => {
  const answer = () => new Response("", { status: 429, headers: { "retry-after": "3600" } });
  await assertRejects(() => fetchFrom(answer), FetchError, "to be asked again in 3600 s");
});

Deno.test("fetchFile() refuses a file that is too long, declared or not", async () => {
  const endless = () =>
    new Response(
      new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1000)) }),
    );
  for (const answer of [endless, () => new Response("x".repeat(6000))]) {
    await assertRejects(
      () => fetchFrom(answer, { maxBytes: 5000 }),
      FetchError,
      "more than 5000 bytes",
    );
  }
});

Deno.test("fetchFile() does nothing for a file that is whole", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "file");
    await Deno.writeTextFile(file, "hello");
    await Deno.writeTextFile(`${file}.json`, JSON.stringify({ etag: '"1"', total: 5 }));
    await fetchFile(new URL("http://127.0.0.1:9/"), file); // nobody there
    assertEquals(await Deno.readTextFile(file), "hello");
  });
});

Deno.test("fetchFile() starts anew on what it cannot trust", async () => {
  for (
    const record of ["", "{", "null", '{"total":9}', '{"etag":"\\"1\\"","total":3}', '{"etag":"x"}']
  ) {
    await withFolder(async (folder) => {
      const file = join(folder, "file");
      await Deno.writeTextFile(file, "stale");
      await Deno.writeTextFile(`${file}.json`, record);
      await using server = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen() {} },
        (request) => new Response(request.headers.has("range") ? "range" : "whole"),
      );
      await fetchFile(new URL(`http://127.0.0.1:${server.addr.port}/`), file);
      assertEquals(await Deno.readTextFile(file), "whole", record);
    });
  }
});

const hasOpenssl = await new Deno.Command("openssl", { args: ["version"] }).output()
  .then(({ success }) => success, () => false);

Deno.test({
  name: "fetchFile() names the variables that trust a company's certificate, and works with them",
  ignore: !hasOpenssl,
  async fn() {
    await withFolder(async (folder) => {
      const openssl = async (command: string) => {
        const { success, stderr } = await new Deno.Command("openssl", {
          args: command.split(" "),
          cwd: folder,
        }).output();
        assert(success, new TextDecoder().decode(stderr));
      };
      await openssl(
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=Company",
      );
      await openssl("req -newkey rsa:2048 -nodes -keyout own.key -out own.csr -subj /CN=localhost");
      await Deno.writeTextFile(join(folder, "names"), "subjectAltName=DNS:localhost\n");
      const sign = "x509 -req -in own.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile names";
      await openssl(`${sign} -days 2 -out own.pem`);
      await openssl(`${sign} -not_before 20200101000000Z -not_after 20200102000000Z -out old.pem`)
        .catch(() => Deno.copyFile(join(folder, "own.pem"), join(folder, "old.pem"))); // an old openssl
      const module = import.meta.resolve("../../lib/data/fetch_file.ts");
      const ask = async (certificate: string, env: Record<string, string>) => {
        let asked = 0;
        await using server = Deno.serve({
          hostname: "127.0.0.1",
          port: 0,
          cert: await Deno.readTextFile(join(folder, certificate)),
          key: await Deno.readTextFile(join(folder, "own.key")),
          onListen() {},
        }, () => (asked++, new Response("hello")));
        const file = join(folder, `fetched-${crypto.randomUUID()}`);
        const code = `import { fetchFile } from ${JSON.stringify(module)};
          await fetchFile(new URL("https://localhost:${server.addr.port}/"), ${
          JSON.stringify(file)
        })
            .then(() => console.log("fetched"), (error) => console.log(error.message));`;
        const { stdout } = await new Deno.Command(Deno.execPath(), {
          args: ["eval", `--config=${join(import.meta.dirname!, "../../deno.json")}`, code],
          env: { DENO_TLS_CA_STORE: "mozilla", ...env },
        }).output();
        return [new TextDecoder().decode(stdout).trim(), asked] as const;
      };
      const [refusal, asked] = await ask("own.pem", {});
      assertMatch(refusal, /^localhost:\d+ cannot be trusted \(.*\): .*DENO_CERT=FILE\.pem/);
      assertMatch(refusal, /DENO_TLS_CA_STORE=system/);
      assertEquals(asked, 0);
      assertEquals(await ask("own.pem", { DENO_CERT: join(folder, "ca.pem") }), ["fetched", 1]);
      const [missing] = await ask("own.pem", { DENO_CERT: join(folder, "none.pem") });
      assertMatch(missing, /DENO_CERT must name a file of certificates/);
      const [old] = await ask("old.pem", { DENO_CERT: join(folder, "ca.pem") });
      assertMatch(old, /clock|^fetched$/);
    });
  },
});
