import { DeleteVectorsCommand, PutVectorsCommand } from "@aws-sdk/client-s3vectors";
import type { Delta } from "../../../core/deltas/delta.ts";
import type { MirrorIndex } from "../../../core/mirror/mirror-index.ts";
import { mirrorShard } from "../../../core/mirror/mirror-shard.ts";
import { MirrorRig } from "./mirror-rig.ts";

jest.setTimeout(120_000);

let rig: MirrorRig;
let known: Delta[];
beforeEach(async () => {
  rig = await MirrorRig.start();
  known = [];
});
afterEach(() => rig.stop());

async function embed(image: number, vectors: number): Promise<void> {
  known.push(await rig.embed(image, vectors));
}

async function publish(...contents: readonly (readonly [number, number])[]): Promise<void> {
  for (const [image, vectors] of contents) await embed(image, vectors);
  await rig.publish();
}

test("compares at first, and then replays each publish", async () => {
  await publish([1, 2], [2, 3]);
  expect(await rig.mirror()).toMatchObject({ state: "current", replayed: 0, comparison: { missing: 5 } });
  await rig.expectEqual(known);
  await publish([3, 2]);
  await publish([1, 1]);
  await rig.rename(2, "CAFE");
  await rig.publish();
  await rig.removeLine(3, 1);
  await rig.publish();
  await rig.removeReceipt(2);
  await rig.publish();
  expect(await rig.mirror()).toEqual({ state: "current", replayed: 5, comparison: undefined });
  await rig.expectEqual(known);
});

test("a fold is replayed without writing a vector", async () => {
  await publish([1, 2], [2, 3]);
  await rig.mirror();
  await rig.rename(2, "CAFE");
  await rig.publish();
  await rig.mirror();
  await rig.fold();
  rig.counted.clear();
  expect(await rig.mirror()).toMatchObject({ state: "current", replayed: 1, comparison: undefined });
  expect(rig.counted).toEqual(new Map());
  await publish([2, 1]);
  expect(await rig.mirror()).toMatchObject({ replayed: 1, comparison: undefined });
  await rig.expectEqual(known);
});

test("an index that was deleted and made again is filled from what is published", async () => {
  await publish([1, 2], [2, 3]);
  await rig.mirror();
  await rig.deleteIndex();
  await rig.createIndex();
  expect(await rig.mirror()).toMatchObject({ replayed: 0, comparison: { missing: 5, extra: 0 } });
  await rig.expectEqual(known);
});

test("F69: what a paused writer writes after it has lost its lease is repaired by the next run", async () => {
  await publish([1, 2]);
  await rig.mirror();
  await publish([1, 2]);
  const leaseMs = 300;
  const paused = await rig.deps({ leaseMs });
  const { index } = paused;
  const pause = Promise.withResolvers<void>();
  const resume = Promise.withResolvers<void>();
  const late = mirrorShard({
    ...paused,
    // As a frozen process: no heartbeat reaches the table either.
    control: {
      ...paused.control,
      client: withoutBeats(paused.control.client, pause.promise, resume.promise),
    },
    index: {
      limits: index.limits,
      identity: () => index.identity(),
      list: () => index.list(),
      delete: (ids) => index.delete(ids),
      async upsert(vectors) {
        pause.resolve();
        await resume.promise;
        await index.upsert(vectors);
      },
    },
  });
  await pause.promise;
  await publish([1, 1]);
  expect(await rig.mirror("ifNeeded", { leaseMs })).toMatchObject({ state: "current", replayed: 2 });
  await rig.expectEqual(known);
  resume.resolve();
  // Its own clock or the table says it, whichever is first.
  await expect(late).rejects.toMatchObject({
    name: expect.stringMatching(/^(LeaseLostError|MirrorConflictError)$/),
  });
  await expect(rig.expectEqual(known)).rejects.toThrow();
  expect(await rig.mirror()).toMatchObject({ state: "current", comparison: { stale: 1, extra: 1 } });
  await rig.expectEqual(known);
  expect(await rig.mirror()).toMatchObject({ comparison: undefined });
});

/** Holds back what is sent between a pause and its end. */
function withoutBeats<Client extends { send(command: never): Promise<unknown> }>(
  client: Client,
  paused: Promise<void>,
  resumed: Promise<void>,
): Client {
  let isPaused = false;
  paused.then(() => {
    isPaused = true;
  });
  const send = async (command: never) => {
    if (isPaused) await resumed;
    return client.send(command);
  };
  return { send } as unknown as Client;
}

test("a first comparison in many parts, and one that finds everything wrong, repair the same", async () => {
  await publish([1, 6], [2, 3], [3, 5]);
  // Less than a vector fits: parts are of one vector each, or a few.
  await rig.mirror("ifNeeded", { memoryBytes: 1_000 });
  await rig.expectEqual(known);
  await rig.vectors.send(
    new PutVectorsCommand({
      vectorBucketName: "mirror",
      indexName: "lines-8",
      vectors: [
        { key: "of nobody", data: { float32: [1, 0, 0, 0, 0, 0, 0, 0] } },
        {
          key: known[0]?.ids[0] ?? "",
          data: { float32: [1, 0, 0, 0, 0, 0, 0, 0] },
          metadata: { text: "overwritten", content_hash: "another" },
        },
      ],
    }),
  );
  await rig.vectors.send(
    new DeleteVectorsCommand({
      vectorBucketName: "mirror",
      indexName: "lines-8",
      keys: [known[1]?.ids[1] ?? ""],
    }),
  );
  const found = { vectors: 14, missing: 1, extra: 1, stale: 1 };
  expect(await rig.mirror("report", { memoryBytes: 1_000 })).toMatchObject({ comparison: found });
  const { comparison } = await rig.mirror("report");
  expect(comparison).toMatchObject(found);
  expect([...(comparison?.examples ?? [])].sort()).toEqual([
    "extra of nobody",
    `missing ${known[1]?.ids[1]}`,
    `stale ${known[0]?.ids[0]}`,
  ]);
  expect(await rig.mirror("repair")).toMatchObject({ comparison: found });
  await rig.expectEqual(known);
});

test("a generation that was collected as garbage is compared", async () => {
  await publish([1, 2]);
  await rig.mirror();
  for (const image of [2, 3, 4]) {
    await embed(image, 1);
    await rig.publish({ kept: 1 });
  }
  expect(await rig.mirror()).toMatchObject({ replayed: 0, comparison: { missing: 3, extra: 0, stale: 0 } });
  await rig.expectEqual(known);
});

test("one label more writes only the vectors that show it, and a merchant all of the receipt", async () => {
  await publish([1, 3], [2, 2]);
  await rig.mirror();
  await rig.rename(1, "CAFE");
  await rig.publish();
  rig.counted.clear();
  await rig.mirror();
  expect(Object.fromEntries(rig.counted)).toEqual({ MirrorVectorsWritten: 3 });
  await rig.removeLine(1, 2);
  await rig.publish();
  rig.counted.clear();
  await rig.mirror();
  // The index ignores ids that it does not have, so all of the delta's former ids may be deleted.
  expect(Object.fromEntries(rig.counted)).toEqual({ MirrorVectorsWritten: 2, MirrorVectorsDeleted: 1 });
  await rig.expectEqual(known);
});

test("a vector that the index refuses is counted and left out, and the others are mirrored", async () => {
  await publish([1, 3]);
  const deps = await rig.deps();
  const refused = known[0]?.ids[1];
  const index: MirrorIndex = {
    limits: deps.index.limits,
    identity: () => deps.index.identity(),
    list: () => deps.index.list(),
    delete: (ids) => deps.index.delete(ids),
    async upsert(vectors) {
      // S3 Vectors refuses a zero vector of a cosine index.
      const zeroed = vectors.map((vector) =>
        vector.id === refused ? { ...vector, vector: Buffer.alloc(32) } : vector,
      );
      await deps.index.upsert(zeroed);
    },
  };
  expect(await mirrorShard({ ...deps, index })).toMatchObject({ state: "current" });
  expect(Object.fromEntries(rig.counted)).toMatchObject({ MirrorVectorsRefused: 1, MirrorVectorsWritten: 2 });
  expect((await rig.mirrored()).map(({ id }) => id)).toEqual([known[0]?.ids[0], known[0]?.ids[2]]);
});
