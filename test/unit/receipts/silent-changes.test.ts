import fc from "fast-check";
import { silentChanges } from "../../../core/receipts/silent-changes.ts";

const everything = () => true;

describe("F29: what JSON.parse would change silently is named", () => {
  test.each([
    ['{"line_id": 4, "line_id": 5}', ["line_id: duplicate key"]],
    ['{"a": {"x": 1, "x": 2}}', ["a.x: duplicate key"]],
    ['{"line_id": 1, "l\\u0069ne_id": 2}', ["line_id: duplicate key"]],
    ['{"a": 9007199254740993}', ["a: 9007199254740993 would be rounded to 9007199254740992"]],
    ['{"a": 5.0000000000000001}', ["a: 5.0000000000000001 would be rounded to 5"]],
    ['{"a": 50000000000000001e-16}', ["a: 50000000000000001e-16 would be rounded to 5"]],
    ['{"a": [1, 1e400]}', ["a: 1e400 exceeds the largest representable number"]],
    ['{"a": -1e400}', ["a: -1e400 exceeds the largest representable number"]],
  ])("%s", (json, found) => expect(silentChanges(json, everything)).toEqual(found));

  test.each([
    '{"a": 1e3, "b": 5.0, "c": 50e-1, "d": 0.1, "e": -0, "f": 9007199254740991, "g": 1.5e1}',
    '{"a": {"x": 1}, "b": {"x": 1}, "c": [{"x": 1}, {"x": 1}]}',
    '{"a": "x, \\"a\\": 1e400 {", "b": "}", "x": ["a", "b", "a"]}',
    '{"a": true, "b": null, "c": false, "d": {}, "e": []}',
    '[{"a": 1}, {"a": 1}]',
  ])("nothing of %s", (json) => expect(silentChanges(json, everything)).toEqual([]));

  test("fields that nothing uses may hold what they like", () => {
    const json = '{"extra": 1e400, "extra": {"y": 1, "y": 2}, "line_id": 1}';
    expect(silentChanges(json, (key) => key === "line_id")).toEqual([]);
  });

  test("JSON without duplicate keys and with exact numbers is never reported", () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const exact = JSON.stringify(JSON.parse(json));
        expect(silentChanges(exact, everything).filter((one) => one.includes("twice"))).toEqual([]);
      }),
    );
  });

  test("F31: depth and length cost no more than their size", () => {
    const deep = `{"a": ${"[".repeat(100_000)}${"]".repeat(100_000)}, "a": 1}`;
    expect(silentChanges(deep, everything)).toEqual(["a: duplicate key"]);
  });
});
