import { status } from "../../../local/start/status.ts";
import { observation, queue, workload } from "./observations.ts";

test("the block shows how far each stage is, the pace and the queues", () => {
  const seen = observation({
    embedded: 1,
    collections: {
      lines: { completed: 1, failed: 0, vectors: 3 },
      words: { completed: 1, failed: 0, vectors: 4 },
    },
    queues: [queue("embed", 1, 2), queue("embed-dlq", 0)],
  });
  expect(status(seen, workload, 3.5).block).toEqual([
    `  embedded ${"█".repeat(15)}${"░".repeat(15)} 1/2 receipts`,
    `  lines    ${"█".repeat(18)}${"░".repeat(12)} 3/5 vectors published`,
    `  words    ${"█".repeat(13)}${"░".repeat(17)} 4/9 vectors published`,
    "  2 vectors/s, about 4 s left, 4 s",
    "  queues (waiting+in flight): embed 1+2",
  ]);
});

test("the plain line has the same content, and dead letters if there are any", () => {
  expect(status(observation(), workload, 7).line).toBe(
    "7 s: embedded 2/2 receipts; published 14/14 vectors; 2 vectors/s; queues (waiting+in flight): all empty",
  );
  expect(status(observation({ queues: [queue("embed-dlq", 1)] }), workload, 7).line).toContain(
    "1 dead letters",
  );
});

test("there is no pace before the first vector, and no number that is not one for an empty folder", () => {
  const none = { completed: 0, failed: 0, vectors: 0 };
  const empty = status(
    observation({ embedded: 0, collections: { lines: none, words: none } }),
    { receipts: 0, lines: 0, words: 0 },
    0,
  );
  expect(empty.block[3]).toBe("  no vectors published yet, 0 s");
  expect([...empty.block, empty.line].join()).not.toMatch(/NaN|Infinity/);
});
