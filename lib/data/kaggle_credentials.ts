/** The user's Kaggle credentials, wherever Kaggle's own client would find them. */
import { join } from "node:path";
import { readRegularFile } from "../files.ts";

/** One way to sign in to Kaggle. */
export interface Credentials {
  /** The variable or file that they are from, to name in messages. */
  source: string;
  /** The `Authorization` header. Never to be shown. */
  authorization: string;
}

/** An access token of `kaggle auth login`, as the client saves it. */
interface SavedLogin {
  access_token?: string;
  access_token_expiration?: string;
}

/** Of a file with a token. */
const MAX_BYTES = 2 ** 16;

/**
 * Finds Kaggle credentials in the places of the official client and in its order (kaggle 2.2.5,
 * `authenticate` in kaggle_api_extended.py, with kagglesdk 0.1.38, `get_access_token_from_env`):
 *
 * 1. in a Kaggle notebook, the token in the file that `KAGGLE_API_V1_TOKEN` names;
 * 2. `KAGGLE_API_TOKEN`, a token or the name of a file with one;
 * 3. `~/.kaggle/access_token` or `~/.kaggle/access_token.txt`;
 * 4. `KAGGLE_USERNAME` and `KAGGLE_KEY`, each else from `kaggle.json`, in `KAGGLE_CONFIG_DIR`, `~/.kaggle`
 *    or, on Linux without the latter, `$XDG_CONFIG_HOME/kaggle` (`~/.config/kaggle`);
 * 5. the token of `kaggle auth login` in `~/.kaggle/credentials.json`, until it expires.
 *
 * An empty variable counts as not set; white space and quotes around a value are taken off.
 *
 * @example
 * ```ts
 * import { findKaggleCredentials } from "./kaggle_credentials.ts";
 *
 * const env = (name: string) => name === "KAGGLE_API_TOKEN" ? "KGAT_0123" : undefined;
 * console.log((await findKaggleCredentials({ env })).map(({ source }) => source));
 * ```
 */
export async function findKaggleCredentials(
  { env = (name) => Deno.env.get(name), onWarning = console.warn }: {
    /** Reads an environment variable. @default Deno.env.get */
    env?: (name: string) => string | undefined;
    /** Told of files that others can read, and of files and variables that are there but of no use. @default console.warn */
    onWarning?: (message: string) => void;
  } = {},
): Promise<Credentials[]> {
  const found: Credentials[] = [];
  const variable = (name: string) => clean(env(name));
  const read = (file: string) => readSecret(file, onWarning);
  const add = (source: string, scheme: "Bearer" | "Basic", secret: string | undefined) => {
    if (!secret) return;
    // Also keeps the secret out of the error that such a header would give.
    if (!/^[\x20-\x7e]+$/.test(secret)) return onWarning(`${source} holds more than a plain token`);
    const value = scheme === "Basic" ? btoa(secret) : secret;
    found.push({ source, authorization: `${scheme} ${value}` });
  };

  const notebook = variable("KAGGLE_API_V1_TOKEN");
  if (notebook && variable("KAGGLE_KERNEL_RUN_TYPE") && variable("KAGGLE_DATA_PROXY_URL")) {
    add("KAGGLE_API_V1_TOKEN", "Bearer", await read(notebook));
  }
  const token = variable("KAGGLE_API_TOKEN");
  // A token is not tried as a file name: where Deno asks for permission, it would show it.
  if (token && /[\\/]/.test(token)) {
    const named = await read(token);
    if (named) add("KAGGLE_API_TOKEN", "Bearer", named);
    else onWarning(`KAGGLE_API_TOKEN names ${token}, which holds no token`);
  } else add("KAGGLE_API_TOKEN", "Bearer", token);

  const home = variable("HOME") ?? variable("USERPROFILE") ?? "";
  const folder = join(home, ".kaggle");
  for (const name of ["access_token", "access_token.txt"]) {
    const file = join(folder, name);
    add(file, "Bearer", await read(file));
  }

  const configFile = join(await findConfigFolder(variable, home), "kaggle.json");
  const config = await readConfig(configFile, variable("KAGGLE_CONFIG_DIR"), onWarning);
  const own = { username: variable("KAGGLE_USERNAME"), key: variable("KAGGLE_KEY") };
  const username = own.username ?? config?.username, key = own.key ?? config?.key;
  const source = own.key ? "KAGGLE_USERNAME and KAGGLE_KEY" : configFile;
  if (username && key) add(source, "Basic", `${username}:${key}`);
  else if (own.key) onWarning("KAGGLE_KEY is set, but KAGGLE_USERNAME is not");
  else if (own.username && !config) onWarning("KAGGLE_USERNAME is set, but KAGGLE_KEY is not");
  else if (config) {
    const missing = ["username", "key"].filter((name) => !config[name as keyof typeof config]);
    onWarning(`${configFile} has no ${missing.join(" and no ")}`);
  }

  const loginFile = join(folder, "credentials.json");
  const login = parseObject<SavedLogin>(loginFile, await read(loginFile), onWarning);
  if (Date.parse(login?.access_token_expiration ?? "") > Date.now()) {
    add(loginFile, "Bearer", login?.access_token);
  } else if (login) onWarning(`the login in ${loginFile} has expired: run kaggle auth login`);
  return found;
}

/** A value without what a file of variables or a copied line leaves around it; undefined if nothing is left. */
function clean(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  return value.trim().replace(/^(["'])(.*)\1$/, "$2").trim() || undefined;
}

async function findConfigFolder(variable: (name: string) => string | undefined, home: string) {
  const usual = join(home, ".kaggle");
  const isThere = await Deno.stat(usual).then(() => true, () => false);
  const xdg = Deno.build.os === "linux" && !isThere;
  return variable("KAGGLE_CONFIG_DIR") ??
    (xdg ? join(variable("XDG_CONFIG_HOME") ?? join(home, ".config"), "kaggle") : usual);
}

/** Reads `kaggle.json`; says where one lies that is not found. */
async function readConfig(
  file: string,
  named: string | undefined,
  onWarning: (message: string) => void,
): Promise<{ username?: string; key?: string } | undefined> {
  const text = await readSecret(file, onWarning);
  const config = parseObject<{ username: unknown; key: unknown }>(file, text, onWarning);
  if (config) return { username: clean(config.username), key: clean(config.key) };
  if (text !== undefined) return undefined;
  if (await Deno.stat(`${file}.txt`).then(() => true, () => false)) {
    onWarning(`${file}.txt must be named kaggle.json`);
  } else if (named && !await Deno.stat(file).catch(() => undefined)) {
    onWarning(`KAGGLE_CONFIG_DIR names ${named}, which holds no kaggle.json`);
  }
}

/** The trimmed text of a file; undefined if there is no such file, or it is of no use. */
async function readSecret(file: string, onWarning: (message: string) => void) {
  try {
    const bytes = await readRegularFile(file, MAX_BYTES);
    if (bytes.includes(0)) {
      onWarning(`${file} is not plain text (UTF-16, as PowerShell writes it?): save it as UTF-8`);
      return undefined;
    }
    const { mode } = await Deno.stat(file);
    if (Deno.build.os !== "windows" && mode !== null && mode & 0o044) {
      onWarning(`Other users of this machine can read ${file}: run chmod 600 ${file}`);
    }
    return new TextDecoder().decode(bytes).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    const { message } = error as Error;
    onWarning(message.includes(file) ? message : `${file} cannot be read: ${message}`);
    return undefined;
  }
}

function parseObject<T extends object>(
  file: string,
  json: string | undefined,
  onWarning: (message: string) => void,
): Partial<T> | undefined {
  if (json === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch { /* told below */ }
  if (value instanceof Object && !Array.isArray(value)) return value as Partial<T>;
  const hint = /[“”„«»]/.test(json) ? ": its quotes must be plain ones" : "";
  onWarning(`${file} is there, but is not a JSON object${hint}`);
}
