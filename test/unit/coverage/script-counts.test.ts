import { countsAt } from "../../../tools/coverage/script-counts.ts";

const range = (startOffset: number, endOffset: number, count: number) => ({ startOffset, endOffset, count });

test("code ran as often as the innermost range around it", () => {
  const script = range(0, 100, 1);
  const called = range(10, 50, 7);
  const branch = range(20, 30, 0);
  const neverCalled = range(60, 90, 0);
  expect(
    countsAt([branch, neverCalled, script, called], [0, 9, 10, 19, 20, 29, 30, 49, 50, 60, 89, 90, 99]),
  ).toEqual([1, 1, 7, 7, 0, 0, 7, 7, 1, 0, 0, 1, 1]);
});

test("of two ranges that begin together the shorter one counts", () => {
  expect(countsAt([range(0, 5, 2), range(0, 10, 1)], [0, 4, 5])).toEqual([2, 2, 1]);
});

test("code outside of all ranges did not run", () => {
  expect(countsAt([range(5, 10, 1)], [0, 10, 20])).toEqual([0, 0, 0]);
  expect(countsAt([], [0])).toEqual([0]);
});
