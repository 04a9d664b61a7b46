import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { findKaggleCredentials } from "../../lib/data/kaggle_credentials.ts";
import { withFolder } from "../fixtures/zips.ts";

const HOUR = 3_600_000;
const login = (expires: number) =>
  JSON.stringify({
    refresh_token: "r",
    access_token: "oauth",
    access_token_expiration: new Date(expires).toISOString(),
  });
/** As PowerShell 5 writes what is sent to a file. */
const utf16 = (text: string) =>
  Uint8Array.from([0xff, 0xfe, ...[...text].flatMap((char) => [char.charCodeAt(0), 0])]);
const key = JSON.stringify({ username: "me", key: "k" });
const basic = `Basic ${btoa("me:k")}`;

/** Of each case: the variables and the files under HOME, `~` standing for it, and what is found. */
const CASES: Record<string, {
  env?: Record<string, string>;
  files?: Record<string, string | Uint8Array>;
  found: [source: string, authorization: string][];
  /** What each warning says. */
  warnings?: RegExp[];
}> = {
  "nothing": { found: [] },
  "a token": { env: { KAGGLE_API_TOKEN: " t\n" }, found: [["KAGGLE_API_TOKEN", "Bearer t"]] },
  "a token in a named file": {
    env: { KAGGLE_API_TOKEN: "~/own/token" },
    files: { "own/token": "t\n" },
    found: [["KAGGLE_API_TOKEN", "Bearer t"]],
  },
  "a token file": {
    files: { ".kaggle/access_token": "t\n" },
    found: [["~/.kaggle/access_token", "Bearer t"]],
  },
  "a token file of Windows": {
    files: { ".kaggle/access_token": " ", ".kaggle/access_token.txt": "t" },
    found: [["~/.kaggle/access_token.txt", "Bearer t"]],
  },
  "the token of a Kaggle notebook": {
    env: {
      KAGGLE_KERNEL_RUN_TYPE: "Interactive",
      KAGGLE_DATA_PROXY_URL: "https://x",
      KAGGLE_API_V1_TOKEN: "~/v1",
    },
    files: { v1: "t" },
    found: [["KAGGLE_API_V1_TOKEN", "Bearer t"]],
  },
  "a key in variables": {
    env: { KAGGLE_USERNAME: "me", KAGGLE_KEY: "k" },
    found: [["KAGGLE_USERNAME and KAGGLE_KEY", basic]],
  },
  "a key in a file": {
    files: { ".kaggle/kaggle.json": key },
    found: [["~/.kaggle/kaggle.json", basic]],
  },
  "a key half in a variable": {
    env: { KAGGLE_USERNAME: "me" },
    files: { ".kaggle/kaggle.json": JSON.stringify({ username: "other", key: "k" }) },
    found: [["~/.kaggle/kaggle.json", basic]],
  },
  "a key in a named folder": {
    env: { KAGGLE_CONFIG_DIR: "~/own" },
    files: { "own/kaggle.json": key, ".kaggle/kaggle.json": "{}" },
    found: [["~/own/kaggle.json", basic]],
  },
  "a login": {
    files: { ".kaggle/credentials.json": login(Date.now() + HOUR) },
    found: [["~/.kaggle/credentials.json", "Bearer oauth"]],
  },
  "a login that has expired": {
    files: { ".kaggle/credentials.json": login(Date.now() - HOUR) },
    found: [],
    warnings: [/the login in .*credentials\.json has expired/],
  },
  "files that are no JSON": {
    files: { ".kaggle/credentials.json": "{", ".kaggle/kaggle.json": "null" },
    found: [],
    warnings: [/kaggle\.json is there, but is not a JSON object$/, /credentials\.json is there/],
  },
  "a kaggle.json that PowerShell wrote": {
    files: { ".kaggle/kaggle.json": utf16(key) },
    found: [],
    warnings: [/kaggle\.json is not plain text \(UTF-16, .*save it as UTF-8/],
  },
  "a kaggle.json with a byte order mark": {
    files: { ".kaggle/kaggle.json": `\ufeff${key}` },
    found: [["~/.kaggle/kaggle.json", basic]],
  },
  "typographic quotes": {
    files: { ".kaggle/kaggle.json": "{“username”:“me”,“key”:“k”}" },
    found: [],
    warnings: [/kaggle\.json is there, but is not a JSON object: its quotes must be plain/],
  },
  "a kaggle.json with a list": {
    files: { ".kaggle/kaggle.json": "[1]" },
    found: [],
    warnings: [/not a JSON object/],
  },
  "a kaggle.json without a key": {
    files: { ".kaggle/kaggle.json": '{"username":"me","key":" "}' },
    found: [],
    warnings: [/kaggle\.json has no key$/],
  },
  "a kaggle.json without anything": {
    files: { ".kaggle/kaggle.json": "{}" },
    found: [],
    warnings: [/kaggle\.json has no username and no key$/],
  },
  "a kaggle.json with a number for a key": {
    files: { ".kaggle/kaggle.json": '{"username":"me","key":5}' },
    found: [],
    warnings: [/has no key$/],
  },
  "an empty kaggle.json": {
    files: { ".kaggle/kaggle.json": "" },
    found: [],
    warnings: [/is there, but is not a JSON object/],
  },
  "a kaggle.json with white space in its values": {
    files: { ".kaggle/kaggle.json": '{"username":" me ","key":"k\\n"}' },
    found: [["~/.kaggle/kaggle.json", basic]],
  },
  "a kaggle.json.txt": {
    files: { ".kaggle/kaggle.json.txt": key },
    found: [],
    warnings: [/kaggle\.json\.txt must be named kaggle\.json/],
  },
  "a folder with the file's name": {
    files: { ".kaggle/kaggle.json/more": key },
    found: [],
    warnings: [/kaggle\.json is not a regular file/],
  },
  "a huge file": {
    files: { ".kaggle/kaggle.json": key + " ".repeat(70_000) },
    found: [],
    warnings: [/kaggle\.json must have at most 65536 bytes, got \d+/],
  },
  "a key without a name": {
    env: { KAGGLE_KEY: "k" },
    found: [],
    warnings: [/KAGGLE_KEY is set, but KAGGLE_USERNAME is not/],
  },
  "a name without a key": {
    env: { KAGGLE_USERNAME: "me" },
    found: [],
    warnings: [/KAGGLE_USERNAME is set, but KAGGLE_KEY is not/],
  },
  "a file, as the variables are empty": {
    env: {
      KAGGLE_USERNAME: "",
      KAGGLE_KEY: " ",
      KAGGLE_API_TOKEN: "",
      KAGGLE_CONFIG_DIR: "",
      XDG_CONFIG_HOME: "",
      KAGGLE_KERNEL_RUN_TYPE: "",
    },
    files: { ".kaggle/kaggle.json": key },
    found: [["~/.kaggle/kaggle.json", basic]],
  },
  "variables with Windows' line ends": {
    env: { KAGGLE_USERNAME: "me\r", KAGGLE_KEY: "k\r" },
    found: [["KAGGLE_USERNAME and KAGGLE_KEY", basic]],
  },
  "variables in quotes": {
    env: { KAGGLE_USERNAME: '"me"', KAGGLE_KEY: "'k'" },
    found: [["KAGGLE_USERNAME and KAGGLE_KEY", basic]],
  },
  "a token in a named file that is not there": {
    env: { KAGGLE_API_TOKEN: "~/own/token" },
    found: [],
    warnings: [/KAGGLE_API_TOKEN names .*token, which holds no token/],
  },
  "a token file that PowerShell wrote": {
    files: { ".kaggle/access_token": utf16("KGAT_abc") },
    found: [],
    warnings: [/access_token is not plain text/],
  },
  "a named folder that holds nothing": {
    env: { KAGGLE_CONFIG_DIR: "~/own" },
    found: [],
    warnings: [/KAGGLE_CONFIG_DIR names .*own, which holds no kaggle\.json/],
  },
  "a token with a line break, which would end the header": {
    env: { KAGGLE_API_TOKEN: "t\r\nx: y" },
    found: [],
    warnings: [/KAGGLE_API_TOKEN holds more than a plain token/],
  },
  "all of them, in the client's order": {
    env: { KAGGLE_API_TOKEN: "t1" },
    files: {
      ".kaggle/access_token": "t2",
      ".kaggle/kaggle.json": key,
      ".kaggle/credentials.json": login(Date.now() + HOUR),
    },
    found: [
      ["KAGGLE_API_TOKEN", "Bearer t1"],
      ["~/.kaggle/access_token", "Bearer t2"],
      ["~/.kaggle/kaggle.json", basic],
      ["~/.kaggle/credentials.json", "Bearer oauth"],
    ],
  },
};

for (const [name, { env = {}, files = {}, found, warnings = [] }] of Object.entries(CASES)) {
  Deno.test(`findKaggleCredentials() finds ${name}`, async () => {
    await withFolder(async (home) => {
      for (const [file, text] of Object.entries(files)) {
        await writeFile(join(home, file), text, 0o600);
      }
      const variables: Record<string, string> = { ...env, HOME: home };
      const told: string[] = [];
      const credentials = await findKaggleCredentials({
        env: (name) => variables[name]?.replace("~", home),
        onWarning: (message) => told.push(message),
      });
      assertEquals(
        credentials.map(({ source, authorization }) => [
          source.replace(home, "~").replaceAll("\\", "/"),
          authorization,
        ]),
        found,
      );
      assertEquals(told.length, warnings.length, told.join());
      for (const [i, warning] of warnings.entries()) assertMatch(told[i]!, warning);
    });
  });
}

Deno.test({
  name: "findKaggleCredentials() looks in the XDG folder if there is no ~/.kaggle",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await withFolder(async (home) => {
      await writeFile(join(home, ".config/kaggle/kaggle.json"), key, 0o600);
      const env = (name: string) => name === "HOME" ? home : undefined;
      const [credentials] = await findKaggleCredentials({ env });
      assertEquals(credentials?.authorization, basic);
    });
  },
});

Deno.test({
  name: "findKaggleCredentials() warns of a file that others can read, and does not show it",
  ignore: Deno.build.os === "windows",
  async fn() {
    for (const [mode, warnings] of [[0o600, 0], [0o640, 1], [0o604, 1], [0o644, 1]] as const) {
      await withFolder(async (home) => {
        const file = join(home, ".kaggle/access_token");
        await writeFile(file, "KGAT_secret", mode);
        const told: string[] = [];
        const env = (name: string) => name === "HOME" ? home : undefined;
        await findKaggleCredentials({ env, onWarning: (message) => told.push(message) });
        const message = `Other users of this machine can read ${file}: run chmod 600 ${file}`;
        assertEquals(told, Array(warnings).fill(message));
      });
    }
  },
});

async function writeFile(file: string, content: string | Uint8Array, mode: number): Promise<void> {
  await Deno.mkdir(join(file, ".."), { recursive: true });
  await Deno.writeFile(
    file,
    typeof content === "string" ? new TextEncoder().encode(content) : content,
  );
  if (Deno.build.os !== "windows") await Deno.chmod(file, mode);
}
