import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CompactionRig } from "../../unit/collections/compaction-rig.ts";
import { itemsOf } from "../../unit/collections/receipt-items.ts";
import { contentOf, deltaOf } from "../../unit/collections/sample-deltas.ts";

jest.setTimeout(60_000);

const milk = deltaOf(1, "milk", ["milk"]);
const tea = deltaOf(2, "tea", ["tea"]);
const oil = deltaOf(3, "oil", ["oil"]);

let rig: CompactionRig;
beforeEach(async () => {
  rig = await CompactionRig.start();
});
afterEach(() => rig.stop());

/** A flipped bit in a file of the head. */
async function corruptHead(): Promise<string> {
  const head = (await rig.head()) ?? "";
  const file = join(rig.generations.pathOf(head), "chroma", "chroma.sqlite3");
  const bytes = await readFile(file);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  // A new file: the old one may be hard-linked from the generation before.
  await rm(file);
  await writeFile(file, bytes);
  return head;
}

const bases = { writesBases: true };

/** Two generations, of which each is a base. */
async function publishBases(): Promise<void> {
  for (const delta of [milk, tea]) {
    await rig.embed(delta);
    await rig.compact(bases);
  }
}

describe("a base that is not what its manifest says, under a head with segments", () => {
  beforeEach(async () => {
    await publishBases();
    await corruptHead();
    await rig.embed(oil);
  });

  test("is published over, and the next fold replaces it from the generation before it and what was above", async () => {
    await rig.invoke(await rig.process());
    expect(rig.sqs.at(rig.queues.queue).messages).toEqual([]);
    expect(await rig.foldNow()).toBe("repaired");
    expect(rig.counted.get("ManifestMismatches")).toBeGreaterThan(0);
    await rig.compact();
    expect(await rig.published([milk, tea, oil])).toEqual(contentOf([milk, tea, oil]));
    for (const delta of [milk, tea, oil])
      expect(await rig.stateOf(delta)).toMatchObject({ state: "COMPLETED" });
  });

  test("F38: with no sound one before it gives way to a generation from the deltas", async () => {
    await rm(rig.generations.pathOf("00000001-1"), { recursive: true });
    await rig.invoke(await rig.process());
    expect(await rig.foldNow()).toBe("repaired");
    await rig.compact();
    expect(await rig.published([milk, tea, oil])).toEqual(contentOf([milk, tea, oil]));
    expect(rig.counted.get("GenerationsRebuilt")).toBe(1);
  });
});

describe("a head that is not what its manifest says, to a process that writes bases", () => {
  beforeEach(publishBases);

  test("is never opened: the next cycle starts from the generation before it and republishes what it had published", async () => {
    const corrupt = await corruptHead();
    await rig.embed(oil);
    await rig.invoke(await rig.process(bases));
    // Published at once from the sound one; the receipt of the corrupt one follows in the next cycle.
    expect(await rig.published([milk, tea, oil])).toEqual(contentOf([milk, oil]));
    expect(rig.counted.get("ManifestMismatches")).toBe(1);
    const { base } = await rig.generations.manifest((await rig.head()) ?? "");
    expect(base).toBe("00000001-1");
    expect(corrupt).toBe("00000002-2");
    rig.sqs.reveal(rig.queues.queue);
    await rig.compact(bases);
    expect(await rig.published([milk, tea, oil])).toEqual(contentOf([milk, tea, oil]));
    expect(await rig.stateOf(tea)).toMatchObject({ state: "COMPLETED" });
  });

  test("does not lose a change of metadata that it had published", async () => {
    rig.announce([await rig.put(itemsOf(1).metadata, { merchant_name: "CAFE" })]);
    await rig.compact(bases);
    await corruptHead();
    await rig.embed(oil);
    await rig.compact(bases);
    const [vector] = (await rig.publishedVectors([milk, tea, oil])).filter(({ id }) => id === milk.ids[0]);
    expect(vector?.metadata).toMatchObject({ merchant_name: "CAFE" });
  });

  test("after a crash before the publish is found again, and nothing is lost", async () => {
    await corruptHead();
    await rig.embed(oil);
    const dying = await rig.process(bases, (step) => {
      if (step === "move head") throw new Error("killed");
    });
    await expect(rig.invoke(dying)).rejects.toThrow("killed");
    rig.sqs.reveal(rig.queues.queue);
    await rig.compact(bases);
    expect(await rig.published([milk, tea, oil])).toEqual(contentOf([milk, tea, oil]));
  });

  test("F38: with no sound one before it gives way to a generation from the deltas, published in one piece", async () => {
    await corruptHead();
    await rm(rig.generations.pathOf("00000001-1"), { recursive: true });
    await rig.embed(oil);
    await rig.invoke(await rig.process(bases));
    expect(await rig.published([milk, tea, oil])).toEqual(contentOf([milk, tea, oil]));
    expect(rig.counted.get("GenerationsRebuilt")).toBe(1);
  });
});
