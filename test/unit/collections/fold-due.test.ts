import { foldDue } from "../../../core/collections/generations/fold-due.ts";

const now = Date.parse("2026-01-01T12:00:00Z");
const rules = { foldVectors: 4_000, foldMs: 3_600_000, maxOverlayVectors: 20_000 };
const overlay = {
  database: null,
  databaseCount: 10_000,
  vectors: 1,
  bytes: 1_000,
  since: "2026-01-01T11:30:00Z",
};
const due = (figures: object, changed: object = {}) =>
  foldDue({ ...overlay, ...figures }, { ...rules, ...changed }, now);

test("a fold is due above its number of vectors, or a tenth of the base if that is more, and above half of the overlay's room", () => {
  expect([due({ vectors: 4_000 }), due({ vectors: 4_001 })]).toEqual([undefined, "overlay"]);
  expect(due({ vectors: 9_000, databaseCount: 90_000 })).toBeUndefined();
  expect(due({ vectors: 9_001, databaseCount: 90_000 })).toBe("overlay");
  expect(due({ vectors: 10_001, databaseCount: 1_000_000 })).toBe("overlay");
});

test("a fold is due by the bytes of the segments, and by the age of the oldest change", () => {
  expect(due({ bytes: 9_000_000 })).toBe("overlay");
  expect(due({ since: "2026-01-01T10:59:59Z" })).toBe("age");
});

test("with no vectors allowed above the base, any change asks for a fold, a removal too", () => {
  expect(due({}, { foldVectors: 0 })).toBe("overlay");
  expect(due({ vectors: 0 }, { foldVectors: 0 })).toBe("overlay");
  expect(due({ since: null }, { foldVectors: 0 })).toBeUndefined();
});
