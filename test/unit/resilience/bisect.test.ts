import fc from "fast-check";
import { bisect } from "../../../core/resilience/bisect.ts";

/** A service that takes up to `maxTogether` items per request, and none of the poison ones. */
function service(poison: ReadonlySet<number>, maxTogether = Number.POSITIVE_INFINITY) {
  const taken: number[] = [];
  let attempts = 0;
  const attempt = async (items: readonly number[]) => {
    attempts += 1;
    if (items.length > maxTogether || items.some((item) => poison.has(item))) return "refused";
    taken.push(...items);
    return undefined;
  };
  return { attempt, taken, attempts: () => attempts };
}

const count = 64;
const items = Array.from({ length: count }, (_, index) => index);

test("exactly the poison items are refused, and every other one is taken once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(count - 1), { minLength: 1 }), async (bad) => {
      const poison = new Set(bad);
      const { attempt, taken } = service(poison);
      const refused = await bisect(items, "refused", { attempt });
      expect([...refused.keys()].toSorted((a, b) => a - b)).toEqual(bad.toSorted((a, b) => a - b));
      expect(taken.toSorted((a, b) => a - b)).toEqual(items.filter((item) => !poison.has(item)));
    }),
  );
});

test("one poison item is found in a logarithmic number of attempts", async () => {
  const { attempt, attempts } = service(new Set([37]));
  await bisect(items, "refused", { attempt });
  expect(attempts()).toBe(2 * Math.log2(count));
});

test("items that are refused only together are all taken, and the size is reported", async () => {
  const { attempt, taken } = service(new Set(), 16);
  const together: number[] = [];
  const refused = await bisect(items, "refused", {
    attempt,
    onRefusedTogether: (size) => together.push(size),
  });
  expect(refused.size).toBe(0);
  expect(taken).toEqual(items);
  expect(together).toEqual([32, 32, 64]);
});

test("what the service throws ends the search", async () => {
  const outage = new Error("connection reset");
  await expect(bisect(items, "refused", { attempt: () => Promise.reject(outage) })).rejects.toBe(outage);
});
