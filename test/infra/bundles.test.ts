import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BundleFailedError } from "../../infra/bundles/build-program.ts";
import { type Bundle, bundleContainer, bundleFunction, hashOf, place } from "../../infra/bundles/bundle.ts";
import { bundleTime } from "../../infra/bundles/chroma-library.ts";
import type { NativePart } from "../../infra/bundles/native-parts.ts";

// Bundles hold tens of megabytes.
jest.setTimeout(60_000);

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bundles-"));
});

afterEach(() => rm(folder, { recursive: true }));

const program = ["index.mjs", "index.mjs.map", "tracing.mjs", "tracing.mjs.map"];

// One of each sort: what is bundled with what does not depend on the function.
test.each<[string, NativePart[], string[]]>([
  ["stream-processor", [], program],
  ["catch-up-run", [], program],
  ["fold", ["chroma"], [...program, "chroma.node"]],
])("the same source of the function %s gives the same bytes", async (name, native, files) => {
  const [one, other] = [await bundleFunction(name, { native }), await bundleFunction(name, { native })];
  expect([...one.keys()]).toEqual(files);
  expect(hashOf(one)).toBe(hashOf(other));
});

test("the same source of a container gives the same bytes, with all that its Dockerfile copies", async () => {
  const [one, other] = [
    await bundleContainer("query-server", { native: ["chroma"] }),
    await bundleContainer("query-server", { native: ["chroma"] }),
  ];
  expect([...one.keys()]).toEqual([
    "main.mjs",
    "main.mjs.map",
    "tracing.mjs",
    "tracing.mjs.map",
    "Dockerfile",
    "chroma.node",
  ]);
  expect(hashOf(one)).toBe(hashOf(other));
});

test("a bundle names no folder of the machine that made it", async () => {
  for (const content of (await bundleFunction("stream-processor", {})).values()) {
    expect(Buffer.from(content).toString()).not.toContain(join(import.meta.dirname, "../.."));
  }
});

test("F39: a bundle carries one language of zod, and does not load all of fetch with node:http", async () => {
  const code = Buffer.from((await bundleFunction("stream-processor", {})).get("index.mjs") ?? "").toString();
  expect(code).not.toMatch(/from ?"(node:)?https?2?"/);
  expect(code).toContain('("node:http")');
  expect(code).not.toContain("Ongeldige");
});

test("the hash knows names and contents apart", () => {
  const bundles = [bundle({ a: "bc" }), bundle({ ab: "c" }), bundle({ a: "b", c: "" }), bundle({})];
  expect(new Set(bundles.map(hashOf)).size).toBe(bundles.length);
  expect(hashOf(bundle({ a: "1", b: "2" }))).toBe(hashOf(bundle({ b: "2", a: "1" })));
});

test("a bundle is placed with its own files only, all of one time", async () => {
  const target = join(folder, "embed");
  await mkdir(target);
  await writeFile(join(target, "left-over.mjs"), "old");
  await place(bundle({ "index.mjs": "new" }), target);
  expect(await readdir(target)).toEqual(["index.mjs"]);
  expect(await readFile(join(target, "index.mjs"), "utf8")).toBe("new");
  expect((await stat(join(target, "index.mjs"))).mtime).toEqual(bundleTime);
});

test("a folder that holds the very bundle is left alone", async () => {
  const target = join(folder, "embed");
  await place(bundle({ "index.mjs": "same" }), target);
  const before = await stat(target);
  await place(bundle({ "index.mjs": "same" }), target);
  expect((await stat(target)).ino).toBe(before.ino);
});

test("programs that place the same bundle at once all find it whole", async () => {
  const target = join(folder, "embed");
  const files = bundle({ "index.mjs": "code", "chroma.node": "library" });
  await Promise.all([place(files, target), place(files, target), place(files, target)]);
  expect((await readdir(folder)).sort()).toEqual(["embed"]);
  expect((await readdir(target)).sort()).toEqual(["chroma.node", "index.mjs"]);
});

test("a handler that does not bundle is named", async () => {
  const attempt = bundleFunction("no-such-function", {});
  await expect(attempt).rejects.toThrow(BundleFailedError);
  await expect(attempt).rejects.toThrow(/^functions\/no-such-function\/handler\.ts could not be bundled/);
});

function bundle(files: Record<string, string>): Bundle {
  return new Map(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)]));
}
