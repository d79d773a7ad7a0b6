import { ChunkProgress } from "../../../core/catchup/work/chunk-progress.ts";

test("a chunk reports its sums at most every two seconds, however often it gets on", async () => {
  let now = 0;
  const reports: unknown[] = [];
  const progress = new ChunkProgress(
    async (underWay) => {
      reports.push(underWay);
    },
    () => now,
  );
  for (; now <= 10_000; now += 100) await progress.add({ embedded: 1 });
  await progress.add({ written: 7 });
  expect(reports.map((one) => (one as { embedded: number }).embedded)).toEqual([1, 21, 41, 61, 81, 101]);
  now += 2_000;
  await progress.add({ written: 1 });
  expect(reports.at(-1)).toEqual({ embedded: 101, written: 8 });
});

test("a report that cannot be written ends no chunk", async () => {
  const progress = new ChunkProgress(() => Promise.reject(new Error("throttled")));
  await expect(progress.add({ embedded: 1 })).resolves.toBeUndefined();
});
