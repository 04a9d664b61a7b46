/** The user's Kaggle credentials, wherever Kaggle's own client would find them. */
import { join } from "node:path";

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
    /** Told of files that others can read or that are no use. @default console.warn */
    onWarning?: (message: string) => void;
  } = {},
): Promise<Credentials[]> {
  const found: Credentials[] = [];
  const read = (file: string | undefined) => readSecret(file, onWarning);
  const add = (source: string, scheme: "Bearer" | "Basic", secret: string | undefined) => {
    if (!secret) return;
    // Also keeps the secret out of the error that such a header would give.
    if (!/^[\x20-\x7e]+$/.test(secret)) return onWarning(`${source} holds more than a plain token`);
    const value = scheme === "Basic" ? btoa(secret) : secret;
    found.push({ source, authorization: `${scheme} ${value}` });
  };

  if (env("KAGGLE_KERNEL_RUN_TYPE") && env("KAGGLE_DATA_PROXY_URL")) {
    add("KAGGLE_API_V1_TOKEN", "Bearer", await read(env("KAGGLE_API_V1_TOKEN")));
  }
  const token = env("KAGGLE_API_TOKEN")?.trim();
  // A token is not tried as a file name: where Deno asks for permission, it would show it.
  const named = token && /[\\/]/.test(token) ? await read(token) : undefined;
  add("KAGGLE_API_TOKEN", "Bearer", named ?? token);

  const home = env("HOME") ?? env("USERPROFILE") ?? "";
  const folder = join(home, ".kaggle");
  for (const name of ["access_token", "access_token.txt"]) {
    const file = join(folder, name);
    add(file, "Bearer", await read(file));
  }

  const configFile = join(await findConfigFolder(env, home), "kaggle.json");
  const config = parseObject<{ username?: string; key?: string }>(await read(configFile));
  const username = env("KAGGLE_USERNAME") ?? config.username;
  const key = env("KAGGLE_KEY") ?? config.key;
  const source = env("KAGGLE_KEY") ? "KAGGLE_USERNAME and KAGGLE_KEY" : configFile;
  if (username && key) add(source, "Basic", `${username}:${key}`);

  const loginFile = join(folder, "credentials.json");
  const login = parseObject<SavedLogin>(await read(loginFile));
  const expires = Date.parse(login.access_token_expiration ?? "");
  if (expires > Date.now()) add(loginFile, "Bearer", login.access_token);
  return found;
}

async function findConfigFolder(env: (name: string) => string | undefined, home: string) {
  const usual = join(home, ".kaggle");
  const isThere = await Deno.stat(usual).then(() => true, () => false);
  const xdg = Deno.build.os === "linux" && !isThere;
  return env("KAGGLE_CONFIG_DIR") ||
    (xdg ? join(env("XDG_CONFIG_HOME") || join(home, ".config"), "kaggle") : usual);
}

/** The trimmed text of a file; undefined if there is no such file. */
async function readSecret(file: string | undefined, onWarning: (message: string) => void) {
  try {
    if (!file) return undefined;
    const { mode } = await Deno.stat(file);
    const text = (await Deno.readTextFile(file)).trim();
    if (Deno.build.os !== "windows" && mode !== null && mode & 0o044) {
      onWarning(`Other users of this machine can read ${file}: run chmod 600 ${file}`);
    }
    return text;
  } catch {
    return undefined;
  }
}

function parseObject<T extends object>(json: string | undefined): Partial<T> {
  try {
    return JSON.parse(json ?? "{}") ?? {};
  } catch {
    return {};
  }
}
