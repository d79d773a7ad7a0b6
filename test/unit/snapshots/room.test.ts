import { type RoomAsked, requireRoom } from "../../../core/snapshots/room.ts";
import { SnapshotTooLargeError } from "../../../core/snapshots/snapshot-errors.ts";

const gib = 1024 ** 3;
/** One shard of 200,000 vectors with 1,536 dimensions, in what a function has by default. */
const usual: RoomAsked = {
  dimensions: 1_536,
  shards: [{ bytes: 1.4 * gib, vectors: 200_000, above: 4_000 }],
  freeBytes: 4 * gib,
  memoryMiB: 3_008,
};

const refused = (changed: Partial<RoomAsked>) => () => requireRoom("lines", { ...usual, ...changed });

test("200,000 vectors with 1,536 dimensions fit into the defaults", () => {
  expect(refused({})).not.toThrow();
});

test("what does not fit is refused with what it needs, and the setting to raise", () => {
  expect(refused({ freeBytes: gib })).toThrow(SnapshotTooLargeError);
  expect(refused({ freeBytes: gib })).toThrow(
    /needs 1760 MiB of scratch, and there are 1024 MiB\. Raise snapshots:scratchMiB/,
  );
  expect(refused({ memoryMiB: 2_000 })).toThrow(
    /needs 2758 MiB of memory, and there are 2000 MiB\. Raise snapshots:memoryMiB/,
  );
});

test("of several shards all count, and the second one twice: it is copied while it is inserted", () => {
  const small = { bytes: 0.5 * gib, vectors: 40_000, above: 0 };
  const shards = [small, small, small];
  expect(refused({ shards, freeBytes: 2.2 * gib })).toThrow(/needs 2356 MiB of scratch/);
  expect(refused({ shards, freeBytes: 2.4 * gib })).not.toThrow();
});
