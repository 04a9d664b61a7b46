import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { seededRandom } from "../../lib/random.ts";
import { serveFiles } from "../../scripts/serve_app.ts";
import { ROOT } from "../../scripts/terminal.ts";

/** A server of two files. */
async function withServer(
  use: (port: number, url: string) => Promise<void>,
  names?: string[],
) {
  const end = new AbortController();
  const files = new Map(
    Object.entries({ "/": "<p>the page", "/worker/worker.js": "1" }).map(
      ([path, text]) => [path, { type: "text/html", bytes: new TextEncoder().encode(text) }],
    ),
  );
  const { url, finished } = serveFiles(files, { port: 0, names, signal: end.signal });
  try {
    await use(Number(new URL(url).port), url);
  } finally {
    end.abort();
    await finished;
  }
}

/** Sends bytes as they are, and returns all that comes back until the server or, at last, we hang up. */
async function sendRaw(port: number, request: Uint8Array | string): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const bytes = typeof request === "string" ? new TextEncoder().encode(request) : request;
  const reader = connection.readable.getReader();
  const patience = setTimeout(() => reader.cancel(), 2000);
  let answer = "";
  try {
    connection.write(bytes).catch(() => {}); // the server may not want to hear all of it
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      answer += new TextDecoder().decode(part.value);
    }
  } catch {
    /* hung up on */
  } finally {
    clearTimeout(patience);
    await reader.cancel().catch(() => {});
  }
  return answer;
}

Deno.test("serveFiles() serves its files with a policy that lets nothing out", async () => {
  await withServer(async (_, url) => {
    const page = await fetch(url);
    assertEquals([page.status, await page.text()], [200, "<p>the page"]);
    const policy = page.headers.get("content-security-policy")!;
    assertMatch(policy, /^default-src 'none'; script-src 'self';/);
    assertEquals(/unsafe|https?:|\*|connect-src/.test(policy), false, policy);
    assertEquals(page.headers.get("x-content-type-options"), "nosniff");

    const worker = await fetch(`${url}worker/worker.js`);
    await worker.body?.cancel();
    const workerPolicy = worker.headers.get("content-security-policy")!;
    assertStringIncludes(workerPolicy, "connect-src 'self'");
    assertEquals(/unsafe-inline|https?:|\*/.test(workerPolicy), false, workerPolicy);

    const head = await fetch(url, { method: "HEAD" });
    assertEquals([head.status, await head.text(), head.headers.get("content-length")], [
      200,
      "",
      "11",
    ]);
  });
});

Deno.test("serveFiles() answers 405 and 404 where there is nothing to serve", async () => {
  await withServer(async (_, url) => {
    for (
      const [path, method, expected] of [
        ["", "POST", 405],
        ["", "DELETE", 405],
        ["", "OPTIONS", 405],
        ["worker.js", "GET", 404],
        ["worker/", "GET", 404],
      ] as const
    ) {
      const response = await fetch(url + path, { method });
      assertEquals([method, path, response.status], [method, path, expected]);
      assertEquals((await response.text()).includes(Deno.cwd()), false);
    }
  });
});

Deno.test("serveFiles() refuses the names of other hosts: DNS rebinding", async () => {
  await withServer(async (port) => {
    const ask = (headers: string) =>
      sendRaw(port, `GET / HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`);
    const statusOf = async (headers: string) => /^HTTP\/1\.1 (\d+)/.exec(await ask(headers))?.[1];
    const own = [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
    const forwarded = ["localhost:1234", "127.0.0.1", "LOCALHOST:80", "[::1]", "a.example.org:443"];
    for (const host of [...own, ...forwarded]) {
      assertEquals([host, await statusOf(`Host: ${host}\r\n`)], [host, "200"]);
    }
    for (
      const host of [
        "Host: example.com\r\n",
        `Host: example.com:${port}\r\n`,
        `Host: localhost.example.com:${port}\r\n`,
        `Host: 127.0.0.1:${port}.example.com\r\n`,
        `Host: 127.0.0.1.example.com:${port}\r\n`,
        `Host: user@127.0.0.1:${port}\r\n`,
        `Host: example.com#@localhost:${port}\r\n`,
        `Host: 0.0.0.0:${port}\r\n`,
        `Host: 2130706433:${port}\r\n`,
        "Host: localhost:123456\r\n",
        "Host: example.org\r\n",
        "Host: b.a.example.org\r\n",
        "Host: localhost\r\nHost: example.com\r\n",
        "Host: [::2]\r\n",
        "Host:\r\n",
        "",
      ]
    ) {
      assertMatch(await statusOf(host) ?? "none", /^(400|403)$/, host);
    }
    const refusal = await ask("Host: example.com\r\n");
    assertStringIncludes(refusal, `only at http://localhost:${port}/, http://127.0.0.1:${port}/,`);
    assertStringIncludes(refusal, "--host NAME");

    const host = `Host: localhost:${port}\r\n`;
    for (
      const origin of [`http://localhost:${port}`, "http://localhost:9", "https://a.example.org"]
    ) {
      assertEquals(await statusOf(`${host}Origin: ${origin}\r\n`), "200", origin);
    }
    for (
      const origin of [
        "https://example.com",
        "null",
        "file://",
        `http://localhost.example.com:${port}`,
        `http://example.com/localhost`,
      ]
    ) {
      assertEquals(await statusOf(`${host}Origin: ${origin}\r\n`), "403", origin);
    }
  }, ["A.example.org"]);
});

Deno.test("serveFiles() survives 100 hostile requests, and serves nothing outside its table", async () => {
  await withServer(async (port, url) => {
    const random = seededRandom(7);
    const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!;
    const climbs = [
      "../",
      "..%2f",
      "%2e%2e/",
      "..%5c",
      "..\\",
      "%252e%252e%252f",
      "....//",
      "..%00/",
      "..;/",
      "%c0%ae%c0%ae/",
    ];
    const goals = [
      "README.md",
      "etc/passwd",
      "deno.json",
      "index.html",
      "scripts/serve_app.ts",
      "C:/boot.ini",
    ];
    const starts = [
      "/",
      "//",
      "/worker/",
      "/worker/worker.js/",
      "/model/",
      "http://example.com/",
      "file:///",
      "\\\\host\\",
    ];
    const methods = [
      "GET",
      "GET",
      "GET",
      "HEAD",
      "POST",
      "PUT",
      "TRACE",
      "CONNECT",
      "get",
      "PROPFIND",
      "G\0T",
      "A".repeat(5000),
    ];
    const hosts = [
      `127.0.0.1:${port}`,
      `127.0.0.1:${port}`,
      "example.com",
      "127.0.0.1:1",
      "",
      "\x7f",
      "a".repeat(9000),
    ];
    const endings = [
      "",
      "?x=../README.md",
      "#a",
      "%00",
      "%00.html",
      "\0",
      "%",
      "%zz",
      "/".repeat(70_000),
      "\xff\xfe",
    ];
    const versions = [
      "HTTP/1.1",
      "HTTP/1.1",
      "HTTP/1.0",
      "HTTP/9.9",
      "",
      "HTTP/1.1\r\nContent-Length: -1",
      "HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 4",
    ];
    const counts = new Map<string, number>();
    for (let i = 0; i < 100; i++) {
      const path = pick(starts) + pick(climbs).repeat(Math.floor(random() * 8)) + pick(goals) +
        pick(endings);
      const request = random() < 0.05
        ? Uint8Array.from(
          { length: 500 },
          (_, i) => i < 496 ? random() * 256 : "\r\n\r\n".charCodeAt(i - 496),
        )
        : `${pick(methods)} ${path} ${pick(versions)}\r\nHost: ${
          pick(hosts)
        }\r\nConnection: close\r\n\r\n`;
      const answer = await sendRaw(port, request);
      const status = /^HTTP\/1\.[01] (\d+)/.exec(answer)?.[1] ?? "closed";
      counts.set(status, (counts.get(status) ?? 0) + 1);
      assertMatch(
        status,
        /^(400|403|404|405|414|431|501|505|closed)$/,
        `${status}: ${String(request).slice(0, 200)}`,
      );
      assertEquals(/root:|"imports"|the page/.test(answer), false, answer);
    }
    assert(counts.size >= 4, `too few kinds of answers: ${[...counts].join(" ")}`);
    assertEquals(await (await fetch(url)).text(), "<p>the page");
  });
});

Deno.test("serveFiles() listens on 127.0.0.1 alone, and says when the port is taken", async () => {
  await withServer(async (port) => {
    for (const { address, family } of Deno.networkInterfaces()) {
      if (family !== "IPv4" || address.startsWith("127.")) continue;
      const connected = await Deno.connect({ hostname: address, port }).then(
        (connection) => (connection.close(), true),
        () => false,
      );
      assertEquals([address, connected], [address, false]);
    }
    assertThrows(
      () => serveFiles(new Map(), { port }),
      Deno.errors.AddrInUse,
      `port ${port} is taken: choose another with --port`,
    );
  });
});

const APP = join(ROOT, "scripts/app.ts");

/** Starts the command, waits for its first line, and ends it with the signal. */
async function runApp(args: string[], signal: Deno.Signal) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", APP, ...args],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value: line = "" } = await reader.read();
  if (line) child.kill(signal);
  await reader.cancel();
  const stderr = await new Response(child.stderr).text();
  return { line, stderr, code: (await child.status).code };
}

Deno.test("deno task app says its URL, ends cleanly on Ctrl-C, and a mistake is one line", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const name of ["model.json", "weights.bin"]) {
      await Deno.writeTextFile(join(folder, name), "{}");
    }
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      const { line, stderr, code } = await runApp(["--model", folder, "--port", "0"], signal);
      assertMatch(line, /http:\/\/127\.0\.0\.1:\d+\//);
      assertEquals([code, stderr], [0, ""]);
    }
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", APP, "--help"],
    }).output();
    assertEquals(code, 0);
    assertStringIncludes(new TextDecoder().decode(stdout), "Usage: deno task app");
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    for (
      const [args, message] of [
        [
          ["--model", folder, "--port", String(taken.addr.port)],
          /port \d+ is taken: choose another/,
        ],
        [["--model", join(folder, "none")], /none holds no model\.json.*--model/],
        [["--port", "http"], /--port.*whole number/],
        [["--host", "http://a.example.org"], /--host.*without http/],
        [["--port", "70000", "--model", folder], /port.*out of range.*70000/],
      ] as const
    ) {
      const { code, stderr } = await runApp([...args], "SIGINT");
      assertEquals(code, 1);
      assertMatch(stderr, message);
      assertEquals(/^\s+at /m.test(stderr), false, stderr);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("deno task app that was killed leaves no server", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", APP, "--port", "0"],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  const [url] = /http:\S+/.exec(value)!;
  assertEquals((await fetch(url).then((page) => page.text())).includes("<title>"), true);
  child.kill("SIGKILL");
  await reader.cancel();
  await child.status;
  for (let i = 0; i < 50; i++) {
    await new Promise((done) => setTimeout(done, 100));
    const isServed = await fetch(url).then((page) => page.text(), () => undefined);
    if (isServed === undefined) return;
  }
  throw new Error("the page is still served after 5 s");
});
