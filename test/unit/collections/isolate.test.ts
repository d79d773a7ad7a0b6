import fc from "fast-check";
import { isolate } from "../../../core/collections/base/isolate.ts";

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

function attemptsOver(bad: ReadonlySet<number>, most = Number.POSITIVE_INFINITY) {
  const made: (readonly number[])[] = [];
  const attempts = {
    attempt: async (items: readonly number[]) => {
      made.push(items);
      const poison = items.find((item) => bad.has(item));
      if (poison !== undefined) throw new Error(`${poison} is bad`);
      return items;
    },
    isSharedError: () => false,
    mayGoOn: () => made.length < most,
  };
  return { made, attempts };
}

describe("isolating what makes a cycle fail", () => {
  test("costs one attempt where nothing does", async () => {
    const { made, attempts } = attemptsOver(new Set());
    expect(await isolate(numbers(100), attempts)).toEqual({
      outcome: numbers(100),
      poisonMessages: new Map(),
    });
    expect(made).toHaveLength(1);
  });

  test("finds every poison with its reason and merges all others, in few attempts", async () => {
    const sets = fc
      .integer({ min: 2, max: 200 })
      .chain((count) =>
        fc.tuple(
          fc.constant(count),
          fc.uniqueArray(fc.nat(count - 1), { minLength: 1, maxLength: Math.min(3, count - 1) }),
        ),
      );
    await fc.assert(
      fc.asyncProperty(sets, async ([count, bad]) => {
        const { made, attempts } = attemptsOver(new Set(bad));
        const { outcome, poisonMessages } = await isolate(numbers(count), attempts);
        expect(outcome.toSorted((a, b) => a - b)).toEqual(
          numbers(count).filter((item) => !bad.includes(item)),
        );
        expect(made.at(-1)).toEqual(outcome);
        expect(
          new Map([...poisonMessages].map(([item, reason]) => [item, (reason as Error).message])),
        ).toEqual(new Map(bad.map((item) => [item, `${item} is bad`])));
        expect(made.length).toBeLessThanOrEqual(bad.length * (Math.ceil(Math.log2(count)) + 2) + 1);
      }),
    );
  });

  test("F13: a failure of everything blames no item, and is detected in few attempts", async () => {
    const { made, attempts } = attemptsOver(new Set(numbers(1_000)));
    await expect(isolate(numbers(1_000), attempts)).rejects.toThrow("is bad");
    expect(made.length).toBeLessThan(50);
  });

  test("F13: a transient error blames no item: where it does not recur, none is left out", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 50 }), fc.nat(7), async (count, when) => {
        const { made, attempts } = attemptsOver(new Set(count > 30 ? [when] : []));
        const passing = when % 6;
        const attempt = async (items: readonly number[]) => {
          const outcome = await attempts.attempt(items);
          if (made.length - 1 === passing) throw new Error("The server is gone.");
          return outcome;
        };
        const { poisonMessages } = await isolate(numbers(count), { ...attempts, attempt });
        expect([...poisonMessages.keys()]).toEqual(count > 30 ? [when] : []);
        expect(made.length).toBeLessThan(30);
      }),
    );
  });

  test("F13: a failure of the only item is not blamed on it", async () => {
    const { made, attempts } = attemptsOver(new Set([0]));
    await expect(isolate([0], attempts)).rejects.toThrow("0 is bad");
    expect(made).toHaveLength(1);
  });

  test("F26: the only item is blamed where it may be, fails again, and nothing at all succeeds", async () => {
    const { made, attempts } = attemptsOver(new Set([0]));
    const { outcome, poisonMessages } = await isolate([0], { ...attempts, canBisect: () => true });
    expect([outcome, [...poisonMessages.keys()], made.length]).toEqual([[], [0], 3]);
  });

  test("F13: the only item is not blamed where nothing at all fails too", async () => {
    const attempt = async () => Promise.reject(new Error("The server is gone."));
    const { attempts } = attemptsOver(new Set([0]));
    await expect(isolate([0], { ...attempts, attempt, canBisect: () => true })).rejects.toThrow("gone");
  });

  test("a shared error ends it at once", async () => {
    const { made, attempts } = attemptsOver(new Set([3]));
    await expect(isolate(numbers(8), { ...attempts, isSharedError: () => true })).rejects.toThrow("3 is bad");
    expect(made).toHaveLength(1);
  });

  test("out of time, all are redelivered", async () => {
    const { made, attempts } = attemptsOver(new Set([3]), 3);
    await expect(isolate(numbers(64), attempts)).rejects.toThrow("3 is bad");
    expect(made).toHaveLength(3);
  });
});
