import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  findPackage,
  PACKAGE_FOLDER,
  readFile,
  readJson,
  toAddress,
  toPath,
} from "../../lib/engine/package_files.ts";
import { withFolder } from "../fixtures/photos.ts";

const ODD = "a b#c%20?d'é";

Deno.test("PACKAGE_FOLDER holds lib and models", async () => {
  assertMatch(PACKAGE_FOLDER.href, /\/$/);
  const names = await Array.fromAsync(Deno.readDir(PACKAGE_FOLDER), ({ name }) => name);
  assertEquals(["lib", "models"].filter((name) => !names.includes(name)), []);
});

Deno.test("findPackage() finds installed packages, and names a missing one", async () => {
  const folder = findPackage("@tensorflow/tfjs-core")!;
  const { name } = await readJson(new URL("package.json", folder)) as { name: string };
  assertEquals(name, "@tensorflow/tfjs-core");
  assertThrows(() => findPackage("no-such-package"), Error, "no-such-package is not installed");
});

Deno.test("readFile() reads from folders of any name and over the network", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) =>
      request.url.endsWith("/there") ? new Response("[1]") : new Response(null, { status: 404 }),
  );
  const at = (path: string) => new URL(`http://127.0.0.1:${server.addr.port}/${path}`);
  assertEquals(await readJson(at("there")), [1]);
  await assertRejects(() => readFile(at("nowhere")), Error, "nowhere cannot be read: 404");
  await withFolder(async (folder) => {
    const file = join(folder, ODD);
    await Deno.writeTextFile(file, "[2]");
    assertEquals(await readJson(pathToFileURL(file)), [2]);
    assertEquals(await readFile(pathToFileURL(file)), new TextEncoder().encode("[2]"));
    await assertRejects(() => readFile(pathToFileURL(folder)), Error, "cannot be read");
  });
});

Deno.test("toAddress() starts from the current folder, toPath() goes back", () => {
  assertEquals(toPath(toAddress("models/")), join(Deno.cwd(), "models/"));
  assertEquals(toPath(pathToFileURL(`/${ODD}`)), `/${ODD}`);
  assertEquals(toPath(toAddress("https://example.org/a%20b")), "https://example.org/a%20b");
});
