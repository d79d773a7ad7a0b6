import fc from "fast-check";
import { repeatedJsonKey } from "../../../core/text/repeated-json-key.ts";

test.each([
  ['{"a":1,"a":2}', "a"],
  ['{"a":1,"\\u0061":2}', "a"],
  ['[{"x":{"b":1 , "b" : 2}}]', "b"],
  ['{"__proto__":1,"__proto__":2}', "__proto__"],
  ['{"":1,"":2}', ""],
  ['{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}]}', undefined],
  ['{"a":"b","b":"a","c":"\\":\\"a\\":"}', undefined],
  ['"a"', undefined],
])("F29: in %s the key that is there twice is %s", (json, key) => {
  expect(repeatedJsonKey(json)).toBe(key);
});

test("F29: no text that JSON.stringify writes has one", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
      expect(repeatedJsonKey(JSON.stringify(value, null, indent))).toBeUndefined();
    }),
  );
});

test("F31: a megabyte of one string or of open lists is read in one pass", () => {
  expect(repeatedJsonKey(`{"a":"${"\\\\".repeat(500_000)}","a":1}`)).toBe("a");
  expect(repeatedJsonKey(`${"[".repeat(500_000)}${"]".repeat(500_000)}`)).toBeUndefined();
});
