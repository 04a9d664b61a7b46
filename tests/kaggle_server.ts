/** A server on loopback that plays Kaggle and the storage it redirects to, and breaks what it is told to. */

/** What may go wrong with one answer; `at` is a place in the body, from 0 to 1. */
export interface Fault {
  kind:
    | "cut" // the connection ends
    | "reset" // the connection is reset
    | "stall" // nothing more comes
    | "silence" // no answer at all
    | "hang-up" // the connection ends before an answer
    | "long" // Content-Length is more than comes
    | "short" // Content-Length is less
    | "corrupt" // one byte is another
    | "no-range" // the range is ignored
    | "wrong-range" // another range comes than was asked for
    | "new-version" // from here on the file is another, with another ETag
    | "weak-tag" // the ETag is a weak one
    | "no-tag" // there is no ETag
    | "chunked" // no Content-Length
    | "wrong-type" // Content-Type is text/plain
    | "html" // a web page comes
    | "busy" // 429, with Retry-After
    | "500"
    | "503"
    | "loop"; // the redirect leads back
  at: number;
}

/** What goes wrong before there is a body, so with the API too. */
const EARLY = ["silence", "hang-up", "busy", "500", "503", "html", "loop"];

/** One request as it came. */
export interface Seen {
  host: "api" | "storage";
  path: string;
  headers: Headers;
}

/** Kaggle's API under `baseUrl`, and on another port, so of another origin, the storage. */
export class KaggleServer implements AsyncDisposable {
  /** One for each coming request; when they are used up all goes well. */
  faults: Fault[] = [];
  /** What all requests to the API are answered with, in place of a redirect, until it is undefined. */
  refuse?: (authorization: string | null) => number | undefined;
  /** Bytes after which answers of the storage pause, until `go` is called or the client goes. */
  holdAt = Infinity;
  readonly seen: Seen[] = [];
  readonly baseUrl: string;
  #version = 0;
  readonly #gate = Promise.withResolvers<void>();
  readonly #storageUrl: string;
  readonly #listeners: Deno.TcpListener[];
  readonly #connections = new Set<Promise<void>>();

  /** @param versions the archive, and what it changes to with each "new-version" */
  constructor(private readonly versions: Uint8Array[]) {
    this.#listeners = (["api", "storage"] as const).map((host) => this.#listen(host));
    const [api, storage] = this.#listeners.map(({ addr }) => `http://127.0.0.1:${addr.port}`);
    this.baseUrl = `${api}/api/v1`;
    this.#storageUrl = `${storage}/archive.zip?X-Goog-Signature=signed`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const listener of this.#listeners.splice(0)) listener.close();
    await Promise.all(this.#connections);
  }

  go(): void {
    this.holdAt = Infinity;
    this.#gate.resolve();
  }

  #listen(host: Seen["host"]): Deno.TcpListener {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    (async () => {
      for await (const connection of listener) {
        const served = this.#serve(host, connection).catch(() => {}) // the client went away
          .finally(() => connection.close());
        this.#connections.add(served);
        served.finally(() => this.#connections.delete(served));
      }
    })();
    return listener;
  }

  async #serve(host: Seen["host"], connection: Deno.TcpConn): Promise<void> {
    const isDue = host === "storage" || EARLY.includes(this.faults[0]?.kind ?? "");
    const fault = (isDue ? this.faults.shift() : undefined) ?? { kind: undefined, at: 1 };
    // Closing while a part of the request is unread makes the system send a reset.
    const request = await readUntil(connection, fault.kind === "reset" ? "user-agent" : "\r\n\r\n");
    const [path = "", ...lines] = request.split("\r\n");
    const headers = new Headers();
    for (const line of lines) {
      const [name, value] = line.split(": ");
      if (name && value) headers.set(name, value);
    }
    this.seen.push({ host, path: path.split(" ")[1] ?? "", headers });
    const send = (status: string, fields: Record<string, string | number>, body?: Uint8Array) => {
      const all = Object.entries({ connection: "close", ...fields });
      const head = `HTTP/1.1 ${status}\r\n${all.map(([n, v]) => `${n}: ${v}\r\n`).join("")}\r\n`;
      return writeAll(connection, new TextEncoder().encode(head), body);
    };

    switch (fault.kind) {
      case "hang-up":
        return;
      case "silence":
        return await untilClosed(connection);
      case "busy": {
        const date = new Date(Date.now() - 1000).toUTCString();
        return await send("429 Too Many Requests", { "retry-after": fault.at < 0.5 ? 0 : date });
      }
      case "500":
        return await send("500 Internal Server Error", {});
      case "503":
        return await send("503 Service Unavailable", { "retry-after": 0 });
      case "html": {
        const page = new TextEncoder().encode(
          "<!DOCTYPE html><title>Sign in to the network</title>",
        );
        return await send(
          "200 OK",
          { "content-type": "text/html", "content-length": page.length },
          page,
        );
      }
    }
    if (host === "api") {
      const status = this.refuse?.(headers.get("authorization"));
      if (status !== undefined) return await send(`${status} Refused`, { "content-length": 0 });
      const isLoop = fault.kind === "loop" || path.includes("/loop");
      const location = isLoop ? `${this.baseUrl}/loop` : this.#storageUrl;
      return await send("302 Found", { location, "content-length": 0 });
    }

    if (fault.kind === "new-version") {
      this.#version = Math.min(this.#version + 1, this.versions.length - 1);
    }
    const file = this.versions[this.#version]!;
    const strong = `"version-${this.#version}"`;
    const etag = { "weak-tag": `W/${strong}`, "no-tag": undefined }[fault.kind as string] ?? strong;
    const asked = headers.get("if-range") === strong && fault.kind !== "no-range"
      ? Number(/^bytes=(\d+)-$/.exec(headers.get("range") ?? "")?.[1] ?? 0)
      : 0;
    if (asked >= file.length) {
      return await send("416 Range Not Satisfiable", { "content-length": 0 });
    }
    const start = fault.kind === "wrong-range" ? Math.max(asked - 1, 0) : asked;
    const body = file.slice(start);
    const place = Math.floor(fault.at * body.length);
    const change = { "long": 1 + place, "short": -1 - place }[fault.kind as string] ?? 0;
    if (fault.kind === "corrupt") body[place]! ^= 1 + Math.floor(fault.at * 254);
    const fields: Record<string, string | number> = {
      "content-type": fault.kind === "wrong-type" ? "text/plain" : "application/zip",
      "accept-ranges": "bytes",
    };
    if (fault.kind !== "no-tag") fields["etag"] = etag;
    if (asked > 0) fields["content-range"] = `bytes ${start}-${file.length - 1}/${file.length}`;
    const status = asked > 0 ? "206 Partial Content" : "200 OK";

    if (fault.kind === "chunked") {
      const text = (s: string) => new TextEncoder().encode(s);
      await send(status, { ...fields, "transfer-encoding": "chunked" });
      await writeAll(connection, text(`${body.length.toString(16)}\r\n`), body);
      if (fault.at > 0.3) await writeAll(connection, text("\r\n0\r\n\r\n"));
      return;
    }
    fields["content-length"] = Math.max(body.length + change, 0);
    const isCut = fault.kind === "cut" || fault.kind === "reset" || fault.kind === "stall";
    const end = isCut ? place : body.length;
    await send(status, fields, body.subarray(0, Math.min(end, this.holdAt)));
    if (end > this.holdAt) {
      const sent = this.holdAt;
      await Promise.race([this.#gate.promise, untilClosed(connection)]);
      await writeAll(connection, body.subarray(sent, end));
    }
    if (fault.kind === "stall") await untilClosed(connection);
  }
}

async function readUntil(connection: Deno.TcpConn, end: string): Promise<string> {
  let text = "";
  const bytes = new Uint8Array(8);
  while (!text.toLowerCase().includes(end)) {
    const count = await connection.read(bytes);
    if (count === null) break;
    text += new TextDecoder("latin1").decode(bytes.subarray(0, count));
  }
  return text;
}

async function writeAll(connection: Deno.TcpConn, ...parts: (Uint8Array | undefined)[]) {
  for (const part of parts) {
    for (let sent = 0; sent < (part?.length ?? 0);) {
      sent += await connection.write(part!.subarray(sent));
    }
  }
}

/** Waits until either side closes the connection. */
async function untilClosed(connection: Deno.TcpConn): Promise<void> {
  while (await connection.read(new Uint8Array(64)).catch(() => null) !== null);
}
