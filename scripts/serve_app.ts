/** The page's server: a fixed table of files in memory, for this machine's own browser and nobody else. */
import { extname, join, relative, sep } from "node:path";
import { PAGE_FOLDER } from "./build_app.ts";
import { readRegularFile } from "../lib/files.ts";
import { ROOT } from "./terminal.ts";

/** The only address that is listened on. */
const HOSTNAME = "127.0.0.1";
/** Of one file. */
const MAX_BYTES = 2 ** 28;
const DETECTOR = join(ROOT, "models/face-detector");
const WASM = join(ROOT, "node_modules/@tensorflow/tfjs-backend-wasm/dist");

const TYPES: Record<string, string> = {
  ".bin": "application/octet-stream",
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** The page itself may load nothing but its own script, style and icon; it can send nothing. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");
/** Its worker fetches the networks from here, and runs WebAssembly. */
const WORKER_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "connect-src 'self'",
].join("; ");

const HEADERS = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(self), microphone=(), geolocation=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};

/** What is served at a path. */
export interface PageFile {
  type: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Reads all that is served, by the path in the URL. A request is answered from this table and nothing else,
 * so that no path can lead to another file.
 *
 * @param model A saved model's folder.
 * @param page The folder that `buildApp` gave.
 * @throws {Deno.errors.NotFound} if a file is missing
 */
export async function readPageFiles(
  model: string,
  page: string = PAGE_FOLDER,
): Promise<Map<string, PageFile>> {
  const paths = new Map<string, string>();
  for await (const file of walk(page)) {
    paths.set(`/${relative(page, file).replaceAll(sep, "/")}`, file);
  }
  paths.set("/", join(page, "index.html"));
  const others: [string, string, string[]][] = [
    ["model", model, ["model.json", "weights.bin"]],
    ["detector", DETECTOR, ["model.json", "weights.bin"]],
    ["wasm", WASM, ["tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm"]],
  ];
  for (const [path, folder, names] of others) {
    for (const name of names) paths.set(`/${path}/${name}`, join(folder, name));
  }
  const files = new Map<string, PageFile>();
  for (const [path, file] of paths) {
    files.set(path, {
      type: TYPES[extname(file)] ?? TYPES[".bin"]!,
      bytes: await readRegularFile(file, MAX_BYTES),
    });
  }
  return files;
}

async function* walk(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* walk(join(folder, name));
    else yield join(folder, name);
  }
}

/** The names by which a browser reaches its own machine; an IPv6 address stands in brackets there. */
const OWN_NAMES = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Serves the files on 127.0.0.1 until the signal is given.
 *
 * A request must name this machine in its Host header, on any port, as a forwarded one has another: a page
 * of another site that gives its own name this address (DNS rebinding) cannot read anything. A page of
 * another site that asks by the right name says so in its Origin header, and is refused as well.
 *
 * @param port 0 takes any that is free.
 * @param names Further names by which the page may be asked for, such as a forwarding server's.
 * @returns the page's URL, and a promise of the server's end
 * @throws {Deno.errors.AddrInUse} if the port is taken; the message says what to do
 */
export function serveFiles(
  files: ReadonlyMap<string, PageFile>,
  { port, names = [], signal }: { port: number; names?: readonly string[]; signal?: AbortSignal },
): { url: string; finished: Promise<void> } {
  const hosts = [...OWN_NAMES, ...names.map((name) => name.toLowerCase())];
  try {
    const server: Deno.HttpServer<Deno.NetAddr> = Deno.serve({
      hostname: HOSTNAME,
      port,
      signal,
      onListen: () => {},
    }, (request) => respond(request, files, hosts, server.addr.port));
    return { url: `http://${HOSTNAME}:${server.addr.port}/`, finished: server.finished };
  } catch (cause) {
    if (!(cause instanceof Deno.errors.AddrInUse)) throw cause;
    throw new Deno.errors.AddrInUse(
      `port ${port} is taken: choose another with --port, or --port 0 for any that is free`,
      { cause },
    );
  }
}

/** The name in a Host header, which is a name or an address, and a port unless it is the usual one. */
function nameOf(host: string | null): string | undefined {
  return /^([\w.-]+|\[[\da-f:]+\])(:\d{1,5})?$/i.exec(host ?? "")?.[1]?.toLowerCase();
}

function respond(
  request: Request,
  files: ReadonlyMap<string, PageFile>,
  hosts: readonly string[],
  port: number,
): Response {
  const name = nameOf(request.headers.get("host"));
  if (name === undefined || !hosts.includes(name)) {
    const addresses = hosts.map((host) => `http://${host}:${port}/`).join(", ");
    return answer(
      403,
      `this page is only at ${addresses}, or the port that is forwarded to it; to ask for it by ` +
        `another name, start it with \`deno task app --host NAME\``,
    );
  }
  const origin = request.headers.get("origin");
  if (origin !== null && !hosts.includes(URL.parse(origin)?.hostname ?? "")) {
    return answer(403, "pages of other sites may not read this");
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return answer(405, "only GET and HEAD", { allow: "GET, HEAD" });
  }
  const path = URL.parse(request.url)?.pathname ?? "";
  const file = files.get(path);
  if (!file) return answer(404, "there is nothing here");
  return new Response(request.method === "HEAD" ? null : file.bytes, {
    headers: {
      ...HEADERS,
      "content-length": String(file.bytes.length),
      "content-type": file.type,
      "content-security-policy": path.startsWith("/worker/") ? WORKER_POLICY : PAGE_POLICY,
    },
  });
}

function answer(status: number, text: string, headers: Record<string, string> = {}): Response {
  return new Response(`${text}\n`, {
    status,
    headers: {
      ...HEADERS,
      ...headers,
      "content-type": "text/plain; charset=utf-8",
      "content-security-policy": PAGE_POLICY,
    },
  });
}
