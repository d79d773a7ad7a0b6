import fc from "fast-check";
import { LastRows } from "../../../core/catchup/sources/last-rows.ts";

/** Rows that a later one of the same place replaces, with the next of them. */
function replacedIn(places: readonly string[], before = 0) {
  return places.flatMap((place, index) => {
    const next = places.indexOf(place, index + 1);
    return next < 0 ? [] : [{ row: before + index + 1, by: before + next + 1 }];
  });
}

const places = fc.array(fc.constantFrom("a", "b", "c", "v2\n1", "v2\n2", ""), { maxLength: 60 });

test("F28: every row but the last of its place is replaced by the next of it", () => {
  fc.assert(
    fc.property(places, (all) => {
      const last = new LastRows();
      all.forEach((place, index) => {
        last.add(place, index + 1);
      });
      expect(last.replaced()).toEqual(replacedIn(all));
    }),
  );
});

test("F28: parts of a file that are joined have the last rows of the whole", () => {
  fc.assert(
    fc.property(places, places, (early, late) => {
      const first = new LastRows();
      early.forEach((place, index) => {
        first.add(place, index + 1);
      });
      const second = new LastRows();
      late.forEach((place, index) => {
        second.add(place, early.length + index + 1);
      });
      first.join(second);
      const rows = first.replaced().map(({ row }) => row);
      expect(rows).toEqual(replacedIn([...early, ...late]).map(({ row }) => row));
    }),
  );
});

test("F28: 60,000 places keep apart, and each is found again", () => {
  const last = new LastRows();
  const count = 60_000;
  for (let row = 1; row <= count; row += 1) last.add(`v2\n12.${row}`, row);
  expect(last.replaced()).toEqual([]);
  for (let row = 1; row <= count; row += 1) last.add(`v2\n12.${row}`, count + row);
  expect(last.replaced().length).toBe(count);
  expect(last.replaced().every(({ row, by }) => by === row + count)).toBe(true);
});
