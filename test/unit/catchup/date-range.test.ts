import fc from "fast-check";
import {
  type DateRange,
  dayOfText,
  halves,
  isDay,
  isWithin,
  rangeOf,
} from "../../../core/catchup/requests/date-range.ts";

const noon = Date.parse("2026-03-01T12:00:00Z");

test.each([
  ["nothing", undefined, undefined, { start: "2026-02-28", end: "2026-03-01" }],
  ["a start alone", "2024-02-28", undefined, { start: "2024-02-28", end: "2024-02-29" }],
  ["a start on the last day of a year", "2025-12-31", undefined, { start: "2025-12-31", end: "2026-01-01" }],
  ["both", "2024-01-01", "2024-06-30", { start: "2024-01-01", end: "2024-06-30" }],
  ["an end alone", undefined, "2026-03-05", { start: "2026-02-28", end: "2026-03-05" }],
])("the range of %s", (_, start, end, range) => {
  expect(rangeOf(start, end, noon)).toEqual(range);
});

test.each(["2024-02-30", "2023-02-29", "24-01-01", "2024-1-1", "2024-01-01T00:00:00Z", "yesterday", ""])(
  "%s is no day",
  (text) => {
    expect(isDay(text)).toBe(false);
  },
);

test.each([
  ["2024-03-05", "2024-03-05"],
  [" 2024-03-05 ", "2024-03-05"],
  ["2024-03-05T23:59:59Z", "2024-03-05"],
  ["2024-03-05 23:30", "2024-03-05"],
  ["2024-03-05T23:30:00-05:00", "2024-03-06"],
  ["2024-03-05T00:30:00+0530", "2024-03-04"],
  ["2024-03-05 00:30:00 +02", "2024-03-04"],
  ["2024-03-05 10:00:00.123456 UTC", "2024-03-05"],
])("%s is on %s in UTC", (text, day) => {
  expect(dayOfText(text)).toBe(day);
});

test.each([
  "",
  "2024-02-30",
  "2024-02-30T10:00:00Z",
  "2024-03-05T25:00:00Z",
  "2024-03-05T10:61",
  "2024-03-05T10:00:00+99:00",
  "05/03/2024",
  "1709596800",
])("%j is no date, rather than one outside of every range", (text) => {
  expect(dayOfText(text)).toBeUndefined();
});

test("both ends belong to a range", () => {
  const range = { start: "2024-03-01", end: "2024-03-02" };
  const days = ["2024-02-29", "2024-03-01", "2024-03-02", "2024-03-03"];
  expect(days.map((day) => isWithin(range, day))).toEqual([false, true, true, false]);
});

test("halving a range down to days leaves each of its days once", () => {
  const day = fc.date({
    min: new Date("2000-01-01"),
    max: new Date("2030-01-01"),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(day, fc.nat({ max: 400 }), (start, length) => {
      const days = Array.from({ length: length + 1 }, (_, n) =>
        new Date(start.getTime() + n * 86_400_000).toISOString().slice(0, 10),
      );
      expect(daysIn({ start: days[0] ?? "", end: days.at(-1) ?? "" })).toEqual(days);
    }),
    { numRuns: 50 },
  );
});

function daysIn(range: DateRange): string[] {
  return halves(range)?.flatMap(daysIn) ?? [range.start];
}
