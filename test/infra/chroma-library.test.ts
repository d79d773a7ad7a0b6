import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { bundleTime, chromaLibrary, writeChromaLibrary } from "../../infra/bundles/chroma-library.ts";
import { LibraryUnpatchableError, makeWeak, neededVersions } from "../../infra/bundles/version-needs.ts";

// Bundles hold tens of megabytes.
jest.setTimeout(60_000);

const installed = createRequire(__filename).resolve("chromadb-js-bindings-linux-x64-gnu");
const lambdaGlibc = 34;

let original: Buffer;

beforeAll(async () => {
  original = await readFile(installed);
});

test("the library then needs no glibc newer than Lambda's", async () => {
  const minor = (version: string) => Number(/^GLIBC_2\.(\d+)/.exec(version)?.[1] ?? 0);
  const tooNew = (library: Buffer) =>
    neededVersions(library)
      .filter(({ version, weak }) => !weak && minor(version) > lambdaGlibc)
      .map(({ version }) => version);
  expect(tooNew(original)).toEqual(["GLIBC_2.39"]);
  expect(tooNew(await chromaLibrary())).toEqual([]);
});

test("one byte of it differs from the installed one", async () => {
  const patched = await chromaLibrary();
  const differing: number[] = [];
  for (let at = 0; at < original.length; at++) if (original[at] !== patched[at]) differing.push(at);
  expect(patched).toHaveLength(original.length);
  expect(differing).toHaveLength(1);
});

test("the file written loads, offers the server, and is the same every time", async () => {
  const folder = await mkdtemp(join(tmpdir(), "chroma-library-"));
  try {
    const file = join(folder, "chroma.node");
    await writeChromaLibrary(file);
    expect((await stat(file)).mtime).toEqual(bundleTime);
    expect((await readFile(file)).equals(await chromaLibrary())).toBe(true);
    const script = "console.log(typeof require(process.argv[1]).cli)";
    const { stdout } = await promisify(execFile)(process.execPath, ["-e", script, file]);
    expect(stdout.trim()).toBe("function");
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.each([
  ["lacks the version", () => makeWeak(original, "GLIBC_9.9"), "it needs GLIBC_9.9 0 times, not once"],
  [
    "needs it of several libraries",
    () => makeWeak(original, "GLIBC_2.3"),
    "it needs GLIBC_2.3 2 times, not once",
  ],
  ["is no library", () => makeWeak(Buffer.from("#!/bin/sh\n"), "GLIBC_2.39"), "it is not a 64-bit ELF file"],
])("one that %s is refused by name", (_, patch, message) => {
  expect(patch).toThrow(LibraryUnpatchableError);
  expect(patch).toThrow(message);
});
