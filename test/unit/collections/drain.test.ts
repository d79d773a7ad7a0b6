import type { CollectionQueue, QueuedMessage } from "../../../core/collections/messages/collection-queue.ts";
import { drain } from "../../../core/collections/messages/drain.ts";
import { ManualClock } from "../resilience/clocks.ts";

function queueOf(bodies: readonly string[], most = 10) {
  const left = [...bodies];
  const receive = async () => left.splice(0, most).map((body) => ({ body }) as QueuedMessage);
  return { left, queue: { receive } as unknown as CollectionQueue };
}

async function drained(
  bodies: readonly string[],
  limits: { messages?: number; bytes?: number; until?: number },
) {
  const { left, queue } = queueOf(bodies);
  const taken: QueuedMessage[] = [];
  const all = { messages: 1_000, bytes: 1_000_000, until: 1, atLeastUntil: 0, hiddenSeconds: 60, ...limits };
  await drain(queue, new ManualClock(), all, (some) => taken.push(...some));
  expect(taken.length + left.length).toBe(bodies.length);
  return taken.length;
}

const hundred = Array.from({ length: 100 }, (_, n) => `message ${n}`);

describe("draining a queue", () => {
  test("takes all that there is, within its budgets", async () => {
    expect(await drained(hundred, {})).toBe(100);
  });

  test("ends with the receive that reaches the count", async () => {
    expect(await drained(hundred, { messages: 25 })).toBe(30);
  });

  test("ends with the receive that reaches the size", async () => {
    const large = hundred.map((body) => body.padEnd(1_000));
    expect(await drained(large, { bytes: 35_000 })).toBe(40);
  });

  test.each([
    ["several receives at once", 100 * 1024 * 1024, 4],
    ["one where several answers could be more than the size", 19 * 1024 * 1024, 1],
  ])("asks a queue that has more for %s", async (_, bytes, most) => {
    const { queue } = queueOf(hundred);
    let [open, maxOpen] = [0, 0];
    const receive = async (wait: Parameters<CollectionQueue["receive"]>[0]) => {
      open += 1;
      maxOpen = Math.max(maxOpen, open);
      await new Promise(setImmediate);
      open -= 1;
      return queue.receive(wait);
    };
    const taken: QueuedMessage[] = [];
    const limits = { messages: 1_000, bytes, until: 1, atLeastUntil: 0, hiddenSeconds: 60 };
    await drain({ receive } as CollectionQueue, new ManualClock(), limits, (some) => taken.push(...some));
    expect([taken.length, maxOpen]).toEqual([100, most]);
  });

  test("ends when its time is over", async () => {
    expect(await drained(hundred, { until: 0 })).toBe(0);
  });
});
