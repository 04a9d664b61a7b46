/** A file from the web onto disk, over a network that stalls, cuts and refuses. */
import { setTimeout as delay } from "node:timers/promises";
import { PartFile } from "./part_file.ts";
import type { OnProgress } from "../types.ts";

/** How `fetchFile` asks, waits and gives up. */
export interface FetchOptions {
  /** The `Authorization` header: sent to the address's own origin, never along a redirect to another. */
  authorization?: string;
  /** Milliseconds without a byte after which a connection is given up. @default 30_000 */
  stallTimeoutMs?: number;
  /** Attempts after the first; those that bring new bytes are not counted. @default 5 */
  retries?: number;
  /** Milliseconds before the second attempt; doubled for each further one. @default 1_000 */
  backoffMs?: number;
  /** The longest wait, in milliseconds, that a server may ask for with `Retry-After`. @default 120_000 */
  maxWaitMs?: number;
  /** A longer file is refused. @default 2 ** 34 (16 GiB) */
  maxBytes?: number;
  /** `done` and `total` are bytes; `detail` tells the rate and the time left. */
  onProgress?: OnProgress;
  signal?: AbortSignal;
}

/** The network or the server did not give the file. */
export class FetchError extends Error {
  override readonly name = "FetchError";
  /** The HTTP status, if it is one that another attempt would not change, such as 404. */
  readonly status?: number;

  constructor(message: string, { status, cause }: { status?: number; cause?: unknown } = {}) {
    super(message, { cause });
    this.status = status;
  }
}

/** A fault that another attempt may not meet. */
class Interruption extends Error {
  /**
   * @param waitMs What the server asked to be given, in milliseconds.
   * @param unreachable Whether there was no answer at all.
   */
  constructor(message: string, readonly waitMs = 0, readonly unreachable = false) {
    super(message);
  }
}

const MAX_REDIRECTS = 10;
const REPORT_MS = 100;

/**
 * Fetches `url` into `file`. Follows redirects; tries again, after a wait, when a connection fails, stalls
 * or ends early, and on status 408, 429 and 5xx. Goes on where it was cut if the server knows ranges and
 * the file's `ETag` is the same (RFC 9110, 13.1.5 and 14.2), else starts anew. What must be known to go on
 * stays in `<file>.json`: a call after a killed process goes on too, and one for a whole file does nothing.
 * A server that does not answer the first attempt at all is not tried again.
 * The bytes are those that the server sent: whether they are what was wanted is for the caller to check.
 *
 * @throws {FetchError} if all attempts failed, the status is not worth another (it is then in `status`), a
 *   redirect is refused, or the file is too long
 * @example
 * ```ts
 * import { fetchFile } from "./fetch_file.ts";
 *
 * const local = { hostname: "127.0.0.1", port: 0, onListen() {} };
 * await using server = Deno.serve(local, () => new Response("hello"));
 * const file = `${Deno.makeTempDirSync()}/hello.txt`;
 * await fetchFile(new URL(`http://127.0.0.1:${server.addr.port}`), file);
 * console.log(await Deno.readTextFile(file));
 * ```
 */
export async function fetchFile(url: URL, file: string, options: FetchOptions = {}): Promise<void> {
  const { retries = 5, backoffMs = 1000, maxWaitMs = 120_000, signal, onProgress } = options;
  using part = await PartFile.open(file);
  let furthest = part.done;
  for (let attempt = 0, failures = 0; part.done !== part.total; attempt++) {
    signal?.throwIfAborted();
    try {
      await fetchRest(url, part, options);
      return;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof Interruption)) throw error;
      const { message, waitMs, unreachable } = error;
      failures = part.done > furthest ? 1 : failures + 1;
      furthest = Math.max(furthest, part.done);
      if (unreachable && attempt === 0) throw new FetchError(message, { cause: error });
      if (failures > retries) throw new FetchError(`${message}; gave up`, { cause: error });
      if (waitMs > maxWaitMs) {
        throw new FetchError(`${message}, to be asked again in ${waitMs / 1000} s`, {
          cause: error,
        });
      }
      const wait = Math.max(waitMs, backoffMs * 2 ** (failures - 1));
      const stage = `${message}; next attempt in ${Math.ceil(wait / 1000)} s`;
      onProgress?.({ stage, done: part.done, total: part.total });
      await delay(wait, undefined, { signal }).catch(() => {}); // an abort is thrown at the top
    }
  }
}

/** One attempt at the bytes that are missing. */
async function fetchRest(url: URL, part: PartFile, options: FetchOptions): Promise<void> {
  const { authorization, stallTimeoutMs = 30_000, maxBytes = 2 ** 34, signal } = options;
  const stall = new AbortController();
  const silence = new Interruption(`not a byte came for ${stallTimeoutMs / 1000} s`);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => stall.abort(silence), stallTimeoutMs);
  };
  try {
    watch();
    const signals = AbortSignal.any(signal ? [signal, stall.signal] : [stall.signal]);
    const response = await request(url, part.rangeHeaders(), authorization, signals);
    await beginPart(response, part);
    const report = makeReport(part, options.onProgress);
    for await (const chunk of chunksOf(response)) {
      watch();
      if (Math.max(part.done + chunk.length, part.total ?? 0) > maxBytes) {
        throw new FetchError(`more than ${maxBytes} bytes came`);
      }
      await part.append(chunk);
      report();
    }
  } finally {
    clearTimeout(timer);
  }
  if (part.total !== undefined && part.done !== part.total) {
    throw new Interruption(`only ${part.done} of ${part.total} bytes came`);
  }
}

/** Asks for `url` and follows redirects by hand, so that the authorization stays where it belongs. */
async function request(
  url: URL,
  headers: Record<string, string>,
  authorization: string | undefined,
  signal: AbortSignal,
): Promise<Response> {
  const { origin, protocol } = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    if (url.origin !== origin) authorization = undefined;
    const all = authorization ? { ...headers, authorization } : headers;
    const response = await fetch(url, { headers: all, redirect: "manual", signal })
      .catch((error) => Promise.reject(asInterruption(error, url.host, redirects === 0)));
    const location = response.headers.get("location");
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response;
    await response.body?.cancel();
    const next = URL.parse(location, url);
    if (next?.protocol !== "https:" && next?.protocol !== protocol) {
      const what = next?.protocol ?? "no address";
      throw new FetchError(`${url.host} redirects to ${what}, which is not safe`);
    }
    url = next;
  }
  throw new FetchError(`${url.host} redirects in a circle`);
}

/** Makes the part ready for the answer's bytes, or says why they are of no use. */
async function beginPart(response: Response, part: PartFile): Promise<void> {
  const { status, headers } = response;
  const { host } = new URL(response.url);
  const etag = headers.get("etag") ?? undefined;
  if (status === 200) {
    const length = headers.get("content-length");
    await part.restart(etag, length === null ? undefined : Number(length));
    return;
  }
  if (status === 206) {
    const range = headers.get("content-range") ?? "";
    const [, from, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(range) ?? [];
    const same = etag === part.etag && Number(total) === (part.total ?? Number(total));
    if (same && Number(from) === part.done) return;
  }
  await response.body?.cancel();
  if (status === 206 || status === 416) {
    await part.restart();
    throw new Interruption(`${host} no longer has the file that was begun`);
  }
  if (status !== 408 && status !== 429 && status < 500) {
    throw new FetchError(`${host} answered with status ${status}`, { status });
  }
  const why = status === 429 ? "is asked too often" : "has a fault of its own";
  const waitMs = parseRetryAfter(headers.get("retry-after"));
  throw new Interruption(`${host} ${why} (status ${status})`, waitMs);
}

/** Milliseconds from a `Retry-After` header: seconds, or a date (RFC 9110, 10.2.3). */
function parseRetryAfter(value: string | null): number {
  if (value === null) return 0;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return ms > 0 ? ms : 0;
}

async function* chunksOf(response: Response): AsyncGenerator<Uint8Array> {
  try {
    yield* response.body ?? [];
  } catch (error) {
    throw asInterruption(error, new URL(response.url).host);
  }
}

/** Of an address only the host is kept, and of the error only the text: the rest may hold a signature. */
function asInterruption(error: unknown, host: string, isFirstAnswer = false): Error {
  if (error instanceof Deno.errors.NotCapable) return error;
  if (error instanceof Interruption) return new Interruption(error.message, 0, isFirstAnswer);
  const { message, cause } = error as Error;
  const text = (cause instanceof Error ? cause.message : message)
    .replace(/https?:\/\/([^\s/)]+)[^\s)]*/g, "$1");
  const reason = text.replace(/^.*client error \(\w+\): /, "");
  const advice = adviseOnCertificate(reason);
  if (advice) return new FetchError(`${host} cannot be trusted (${reason}): ${advice}`);
  const isUnreachable = isFirstAnswer && text.includes("(Connect)");
  return new Interruption(`the connection to ${host} failed: ${reason}`, 0, isUnreachable);
}

/** What to do about a certificate that Deno does not take; undefined if an error is about something else. */
function adviseOnCertificate(text: string): string | undefined {
  if (/CA file/.test(text)) return "DENO_CERT must name a file of certificates (PEM)";
  if (!/certificate/i.test(text)) return undefined;
  return /Expired|NotValidYet/.test(text)
    ? "is this machine's clock right?"
    : "a proxy may answer with a certificate of your company's. Name that in DENO_CERT=FILE.pem, " +
      "or set DENO_TLS_CA_STORE=system to trust what this machine trusts";
}

/** Tells at most every 100 ms how far the transfer is, how fast, and how long it will take. */
function makeReport(part: PartFile, onProgress?: OnProgress): () => void {
  const started = performance.now();
  const startedAt = part.done;
  let last = -Infinity;
  return () => {
    const now = performance.now();
    if (now - last < REPORT_MS && part.done !== part.total) return;
    last = now;
    const { done, total } = part;
    const rate = (done - startedAt) / Math.max(now - started, 1); // bytes a ms
    const left = total === undefined ? "" : `, ${Math.ceil((total - done) / rate / 1000)} s left`;
    onProgress?.({
      stage: `Downloading ${part.name}`,
      detail: `${(rate / 1000).toFixed(1)} MB/s${left}`,
      done,
      total,
    });
  };
}
