import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { collectGarbage } from "../../../core/collections/generations/collect-garbage.ts";
import { generationName } from "../../../core/collections/generations/generation-name.ts";
import { GenerationCorruptError } from "../../../core/collections/generations/generation-reader.ts";
import { Generations } from "../../../core/collections/generations/generations.ts";
import { databaseFolder, manifestFile } from "../../../core/collections/generations/manifest.ts";
import { silentLog } from "../../../core/log.ts";
import { ManualClock } from "../resilience/clocks.ts";

let folder: string;
let clock: ManualClock;
let generations: Generations;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vectorkeep-test-"));
  clock = new ManualClock();
  generations = new Generations(join(folder, "efs"), "lines", clock);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function database(files: Record<string, string>): Promise<string> {
  const source = await mkdtemp(join(folder, "database-"));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(source, path, ".."), { recursive: true });
    await writeFile(join(source, path), content);
  }
  return source;
}

const facts = { model: "test-model", dimensions: 8, count: 1, documents: [] };

async function write(files: Record<string, string>, name: string, base: string | null) {
  return generations.write(await database(files), { name, base, ...facts });
}

/** Generations 1, 2, ... each made from the one before, under tokens 1, 2, ... */
async function writeMany(count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => generationName(index + 1, index + 1));
  for (const [index, name] of names.entries()) {
    await write({ "chroma.sqlite3": `state ${index}` }, name, names[index - 1] ?? null);
  }
  return names;
}

const present = async () => (await generations.list()).map(({ name }) => name);
const inodeOf = async (name: string, path: string) =>
  (await stat(join(generations.pathOf(name), databaseFolder, path))).ino;

describe("a generation", () => {
  test("is read as it was written", async () => {
    const files = { "chroma.sqlite3": "rows", "segment/data_level0.bin": "vectors" };
    await write(files, "00000001-1", null);
    const target = join(folder, "copy");
    const manifest = await generations.copyTo(target, "00000001-1");
    expect(manifest).toMatchObject({ name: "00000001-1", base: null, count: 1, model: "test-model" });
    for (const [path, content] of Object.entries(files)) {
      expect(await readFile(join(target, path), "utf8")).toBe(content);
    }
  });

  test("shares the files that equal its base's, and only those", async () => {
    await write({ "a.bin": "same", "b.bin": "before" }, "00000001-1", null);
    await write({ "a.bin": "same", "b.bin": "after!" }, "00000002-2", "00000001-1");
    expect(await inodeOf("00000002-2", "a.bin")).toBe(await inodeOf("00000001-1", "a.bin"));
    expect(await inodeOf("00000002-2", "b.bin")).not.toBe(await inodeOf("00000001-1", "b.bin"));
    expect(await readFile(join(generations.pathOf("00000001-1"), databaseFolder, "b.bin"), "utf8")).toBe(
      "before",
    );
  });

  describe("F38: a file of the base that is not what the manifest says", () => {
    const fileOf = (name: string) => join(generations.pathOf(name), databaseFolder, "a.bin");
    const readCopy = async (name: string) => {
      await generations.copyTo(join(folder, `copy-of-${name}`), name);
      return readFile(join(folder, `copy-of-${name}`, "a.bin"), "utf8");
    };

    test("is not linked: the new generation has the source's own bytes", async () => {
      await write({ "a.bin": "same" }, "00000001-1", null);
      await writeFile(fileOf("00000001-1"), "sane");
      const { mismatched, bytesWritten } = await write({ "a.bin": "same" }, "00000002-2", "00000001-1");
      expect(mismatched).toEqual([fileOf("00000001-1")]);
      expect(bytesWritten).toBe(4);
      expect(await readCopy("00000002-2")).toBe("same");
    });

    test("is found by a process that has not seen it before, whatever its size and time say", async () => {
      await write({ "a.bin": "same" }, "00000001-1", null);
      const { atime, mtime } = await stat(fileOf("00000001-1"));
      await writeFile(fileOf("00000001-1"), "sane");
      await utimes(fileOf("00000001-1"), atime, mtime);
      generations = new Generations(join(folder, "efs"), "lines", clock);
      await write({ "a.bin": "same" }, "00000002-2", "00000001-1");
      expect(await readCopy("00000002-2")).toBe("same");
    });

    test("is gone: every byte is written again", async () => {
      await write({ "a.bin": "same" }, "00000001-1", null);
      await rm(fileOf("00000001-1"));
      await write({ "a.bin": "same" }, "00000002-2", "00000001-1");
      await rm(generations.pathOf("00000002-2"), { recursive: true });
      await write({ "a.bin": "same" }, "00000003-3", "00000002-2");
      expect(await readCopy("00000003-3")).toBe("same");
    });
  });

  test("a crash between the last write and the rename leaves only a temporary folder", async () => {
    await write({ "a.bin": "x" }, "00000001-1", null);
    await rename(generations.pathOf("00000001-1"), generations.pathOf(".tmp-00000001-1"));
    expect(await generations.list()).toEqual([{ name: ".tmp-00000001-1", token: 1 }]);
    await write({ "a.bin": "x" }, "00000001-2", null);
    expect(await present()).toEqual([".tmp-00000001-1", "00000001-2"]);
  });

  test("F3: a writer that resumes after a later holder has deleted its folder leaves no partial generation", async () => {
    await write({ "a.bin": "x" }, "00000001-1", null);
    jest.spyOn(generations, "manifestIfReadable").mockImplementationOnce(async () => {
      await generations.remove(".tmp-00000002-2");
      return undefined;
    });
    const written = write({ "a.bin": "x", "segment/b.bin": "y" }, "00000002-2", "00000001-1");
    await expect(written).rejects.toThrow("ENOENT");
    expect(await present()).toEqual(["00000001-1"]);
  });

  test("a reader waits up to a minute for a folder that the file system does not show yet", async () => {
    await write({ "a.bin": "x" }, "00000001-1", null);
    const hidden = join(folder, "hidden");
    await rename(generations.pathOf("00000001-1"), hidden);
    const sleep = clock.sleep.bind(clock);
    clock.sleep = async (ms) => {
      await sleep(ms);
      if (clock.now() === 30_000) await rename(hidden, generations.pathOf("00000001-1"));
    };
    await generations.copyTo(join(folder, "copy"), "00000001-1");
    expect(clock.now()).toBe(30_000);
  });

  test("a folder that does not appear is corrupt, and named", async () => {
    const reading = generations.copyTo(join(folder, "copy"), "00000009-9");
    await expect(reading).rejects.toThrow(GenerationCorruptError);
    await expect(reading).rejects.toThrow("00000009-9");
    expect(clock.now()).toBeGreaterThanOrEqual(60_000);
  });

  test("a file that does not match the manifest is corrupt", async () => {
    await write({ "a.bin": "right" }, "00000001-1", null);
    await writeFile(join(generations.pathOf("00000001-1"), databaseFolder, "a.bin"), "wrong");
    await expect(generations.copyTo(join(folder, "copy"), "00000001-1")).rejects.toThrow(
      "a.bin does not match",
    );
  });

  test("F25: a manifest that names a file outside its folder is refused", async () => {
    await write({ "a.bin": "x" }, "00000001-1", null);
    const file = join(generations.pathOf("00000001-1"), manifestFile);
    await writeFile(file, (await readFile(file, "utf8")).replace("a.bin", "../../a.bin"));
    await expect(generations.copyTo(join(folder, "copy"), "00000001-1")).rejects.toThrow(
      GenerationCorruptError,
    );
  });
});

describe("collecting garbage", () => {
  const rules = { kept: 2, maxReaderMs: 60_000 };
  const publishedAt = new Date().toISOString();
  const collect = async (name: string, token: number) =>
    (await collectGarbage(generations, { name, publishedAt }, token, rules, silentLog)).removed;

  async function makeOld(name: string): Promise<void> {
    const longAgo = new Date(Date.now() - 3_600_000);
    await utimes(join(generations.pathOf(name), "superseded"), longAgo, longAgo);
  }

  test("a superseded generation outlives the longest reader, and then goes", async () => {
    const [one = "", two, three = ""] = await writeMany(3);
    expect(await collect(three, 3)).toEqual([]);
    await makeOld(one);
    expect(await collect(three, 3)).toEqual([one]);
    expect(await present()).toEqual([two, three]);
  });

  test("the newest generations stay, however long they have been superseded", async () => {
    const [one = "", two = "", three = ""] = await writeMany(3);
    await collect(three, 3);
    await makeOld(two);
    expect(await collect(three, 3)).toEqual([]);
    expect(await present()).toEqual([one, two, three]);
  });

  test("what a dead holder left goes, what a later holder writes stays", async () => {
    const [one = "", two = ""] = await writeMany(2);
    await write({ "a.bin": "x" }, "00000003-3", two);
    await write({ "a.bin": "x" }, "00000003-5", two);
    for (const token of [3, 5]) await mkdir(generations.pathOf(`.tmp-00000004-${token}`));
    expect(await collect(two, 5)).toEqual([".tmp-00000004-3", "00000003-3"]);
    expect(await present()).toEqual([".tmp-00000004-5", one, two, "00000003-5"]);
  });

  test("a removal that a crash cut short is finished by the next holder", async () => {
    const [one = "", two = "", three = ""] = await writeMany(3);
    await collect(three, 3);
    await rename(generations.pathOf(one), generations.pathOf(`.tmp-${one}`));
    await rm(join(generations.pathOf(`.tmp-${one}`), manifestFile));
    expect(await collect(three, 4)).toEqual([`.tmp-${one}`]);
    expect(await present()).toEqual([two, three]);
  });

  test("F3: a listing that does not show the newest generations yet condemns no published one", async () => {
    const [one = "", two = "", three = ""] = await writeMany(3);
    const stale = (await generations.list()).filter(({ name }) => name === one);
    jest.spyOn(generations, "list").mockResolvedValueOnce(stale);
    expect(await collect(three, 9)).toEqual([]);
    expect(await present()).toEqual([one, two, three]);
  });

  test("an unreadable manifest hides no generation before it: none of them counts as abandoned", async () => {
    const [one = "", two = "", three = ""] = await writeMany(3);
    await writeFile(join(generations.pathOf(two), manifestFile), "{");
    expect(await collect(three, 9)).toEqual([]);
    expect(await present()).toEqual([one, two, three]);
  });

  test("hard-linked files outlive the generation that had them first", async () => {
    await write({ "a.bin": "same" }, "00000001-1", null);
    await write({ "a.bin": "same" }, "00000002-2", "00000001-1");
    await write({ "a.bin": "same" }, "00000003-3", "00000002-2");
    await collect("00000003-3", 3);
    await makeOld("00000001-1");
    await collect("00000003-3", 3);
    await generations.copyTo(join(folder, "copy"), "00000003-3");
    expect(await readdir(join(folder, "copy"))).toEqual(["a.bin"]);
  });
});
