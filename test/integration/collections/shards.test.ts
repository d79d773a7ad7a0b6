import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ShardName } from "../../../contract/collections.ts";
import { baseWriter } from "../../../core/collections/base/base-cycle.ts";
import { collectionKey } from "../../../core/collections/lease/collection-key.ts";
import { acquireLease } from "../../../core/collections/lease/lease.ts";
import { Workspace } from "../../../core/collections/workspace/workspace.ts";
import type { Delta } from "../../../core/deltas/delta.ts";
import { deltaKey, deltaPrefix } from "../../../core/deltas/keys.ts";
import { holdsShardKey } from "../../../core/documents/shards.ts";
import { monotonicClock } from "../../../core/resilience/clock.ts";
import { chromaLibrary } from "../../unit/collections/chroma.ts";
import { CompactionRig } from "../../unit/collections/compaction-rig.ts";
import { contentOf, deltaOf, dimensions, imageId, model } from "../../unit/collections/sample-deltas.ts";

jest.setTimeout(60_000);

let one: CompactionRig;
let other: CompactionRig;
beforeEach(async () => {
  one = await CompactionRig.start("lines-1of2");
  other = one.beside("lines-2of2");
});
afterEach(() => one.stop());

/** Deltas of three images that a shard holds, one vector each. */
function deltasOf(shard: ShardName) {
  const numbers = Array.from({ length: 50 }, (_, n) => n);
  const held = numbers.filter((n) => holdsShardKey(shard, imageId(n)));
  return held.slice(0, 3).map((n) => deltaOf(n, `run-${n}`, [`milk ${n}`])) as [Delta, Delta, Delta];
}

async function itemOf({ tables, shard }: CompactionRig) {
  const { PK } = collectionKey(shard);
  return (await tables.items(tables.controlTable)).filter((item) => item.PK === PK);
}

/** Every file of the shard's generations with the time of its last change. */
async function filesOf({ generations }: CompactionRig): Promise<string[]> {
  const paths = await readdir(generations.folder, { recursive: true });
  const times = paths.map(async (path) => {
    const { mtimeMs, size } = await stat(join(generations.folder, path));
    return `${path} ${mtimeMs} ${size}`;
  });
  return (await Promise.all(times)).sort();
}

test("the cycles of one shard never touch another's lease, head or files, and wait for none", async () => {
  const [first, second, third] = deltasOf("lines-1of2");
  const [theirs, waiting] = deltasOf("lines-2of2");
  await other.embed(theirs);
  await other.invoke(await other.process());
  const { client, controlTable } = other.tables;
  const held = await acquireLease(
    { client, controlTable, shard: other.shard, clock: monotonicClock, leaseMs: 60_000 },
    { waitMs: 0, maxWaitMs: 0 },
  );
  await other.embed(waiting);
  const before = { item: await itemOf(other), files: await filesOf(other) };

  // Publishes, publishes over what it holds, fails with a bad delta, folds and collects garbage.
  const parts = await one.process({ garbage: { kept: 1, maxReaderMs: 0 } });
  for (const delta of [first, second, third]) {
    await one.embed(delta);
    if (delta === third) one.bucket.delete(deltaKey(deltaPrefix(third)));
    await one.invoke(parts);
  }
  expect(await one.foldNow(parts)).toBe("folded");

  expect({ item: await itemOf(other), files: await filesOf(other) }).toEqual(before);
  expect(before.item).toContainEqual(
    expect.objectContaining({ SK: "HEAD", lease_owner: held?.owner, head_name: "00000001-1" }),
  );
  expect(other.sqs.at(other.queues.queue).messages).toHaveLength(1);
  expect(await one.published([first, second])).toEqual(contentOf([first, second]));
  expect(await one.stateOf(third)).toMatchObject({ state: "FAILED", shard: "lines-1of2" });

  await held?.release();
  await other.invoke(await other.process());
  expect(await other.published([theirs, waiting])).toEqual(contentOf([theirs, waiting]));
});

test("a warm process keeps its copies of several shards apart", async () => {
  const scratch = await mkdtemp(join(tmpdir(), "shards-"));
  const library = await chromaLibrary();
  const warm = async (rig: CompactionRig) => {
    const { shard, generations } = rig;
    const workspace = new Workspace({ shard, generations, model, dimensions, library, scratch });
    const base = baseWriter(workspace);
    return {
      rig,
      parts: { ...(await rig.process()), workspace, base },
      copies: jest.spyOn(generations, "copyTo"),
    };
  };
  const processes = [await warm(one), await warm(other)];
  for (const round of [0, 1] as const) {
    for (const { rig, parts } of processes) {
      await rig.embed(deltasOf(rig.shard)[round]);
      await rig.invoke(parts);
    }
  }
  for (const { rig, copies } of processes) {
    expect(copies).not.toHaveBeenCalled();
    const deltas = deltasOf(rig.shard).slice(0, 2);
    expect(await rig.published(deltas)).toEqual(contentOf(deltas));
  }
  await rm(scratch, { recursive: true });
});

test("a message of another shard's image ends in the DLQ, because its receipt would be in both", async () => {
  const [stray] = deltasOf("lines-2of2");
  const [own] = deltasOf("lines-1of2");
  await one.embed(stray);
  await one.embed(own);
  const parts = await one.process({ maxFailures: 1 });
  expect(await one.invoke(parts)).toEqual([]);
  expect(await one.published([own])).toEqual(contentOf([own]));
  const [dead] = one.sqs.at(one.queues.deadLetters).messages;
  expect(dead?.attributes.failure_reason).toBe(
    `The image ${stray.imageId} is in another shard than lines-1of2.`,
  );
});

test("a run that was under way when its collection was split otherwise is taken over, not waited for", async () => {
  const [delta] = deltasOf("lines-1of2");
  await one.embed(delta);
  expect(await one.runs.start(delta, "lines", 500)).toBe("started");
  expect(await one.invoke(await one.process())).toEqual([]);
  expect(await one.published([delta])).toEqual(contentOf([delta]));
  expect(await one.stateOf(delta)).toMatchObject({ state: "COMPLETED", shard: "lines-1of2", token: 1 });
  expect(await one.runs.complete(delta, "lines", 500, 0)).toBe("fenced");
});
