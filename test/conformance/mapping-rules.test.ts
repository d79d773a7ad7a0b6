import fc from "fast-check";
import { BatchWindow } from "../../local/mappings/batch-window.ts";
import { compileFilter, FilterNotUnderstoodError } from "../../local/mappings/event-filter.ts";
import { readItemFailures } from "../../local/mappings/item-failures.ts";

describe("the answer of a function that reports item failures", () => {
  const batch = ["a", "b"];

  test.each([
    ["null", "null"],
    ["an empty object", "{}"],
    ["no failures", '{"batchItemFailures":[]}'],
    ["null failures", '{"batchItemFailures":null}'],
  ])("is full success when it is %s", (_, payload) => {
    expect(readItemFailures(payload, batch)).toEqual(new Set());
  });

  test("names the items that are redelivered", () => {
    expect(readItemFailures('{"batchItemFailures":[{"itemIdentifier":"b"}]}', batch)).toEqual(new Set(["b"]));
  });

  test.each([
    ["is no JSON", "nonsense"],
    ["is a string", '"done"'],
    ["has an empty identifier", '{"batchItemFailures":[{"itemIdentifier":""}]}'],
    ["has a null identifier", '{"batchItemFailures":[{"itemIdentifier":null}]}'],
    ["misspells the key", '{"batchItemFailures":[{"itemIdentifer":"a"}]}'],
    ["names an item of another batch (F14)", '{"batchItemFailures":[{"itemIdentifier":"z"}]}'],
  ])("fails the whole batch when it %s", (_, payload) => {
    expect(readItemFailures(payload, batch)).toBe("all");
  });
});

describe("a batch window", () => {
  test("loses nothing, keeps the order and obeys both limits, whatever comes in", () => {
    const sizes = fc.array(fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 8 }), { maxLength: 10 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 6 }), (arrivals, items) => {
        const window = new BatchWindow<{ bytes: number; id: number }>({
          items,
          bytes: 60,
          windowMilliseconds: 0,
        });
        let id = 0;
        const taken: { bytes: number; id: number }[][] = [];
        for (const arrival of arrivals) {
          window.add(
            arrival.map((bytes) => ({ bytes, id: id++ })),
            0,
          );
          if (window.size > 0) taken.push(window.take(0));
        }
        while (window.size > 0) taken.push(window.take(0));
        expect(taken.flat().map((item) => item.id)).toEqual([...Array(id).keys()]);
        for (const batch of taken) {
          expect(batch.length).toBeLessThanOrEqual(items);
          const bytes = batch.reduce((sum, item) => sum + item.bytes, 0);
          if (batch.length > 1) expect(bytes).toBeLessThanOrEqual(60);
        }
      }),
    );
  });

  test("runs from the first item, not from the last", () => {
    const window = new BatchWindow({ items: 10, bytes: 100, windowMilliseconds: 1000 });
    expect(window.dueAt).toBeUndefined();
    window.add([{ bytes: 1 }], 5000);
    window.add([{ bytes: 1 }], 5900);
    expect(window.dueAt).toBe(6000);
  });
});

describe("a filter pattern", () => {
  const event = {
    eventName: "INSERT",
    dynamodb: { Keys: { PK: { S: "IMAGE#1" }, SK: { S: "RECEIPT#00001#METADATA" } }, NewImage: {} },
  };

  test.each([
    ["equality", { eventName: ["INSERT"] }, true],
    ["no equality", { eventName: ["REMOVE"] }, false],
    ["one of several", { eventName: ["REMOVE", "INSERT"] }, true],
    ["a prefix", { dynamodb: { Keys: { SK: { S: [{ prefix: "RECEIPT#" }] } } } }, true],
    ["a suffix", { dynamodb: { Keys: { SK: { S: [{ suffix: "#METADATA" }] } } } }, true],
    ["a suffix that is elsewhere", { dynamodb: { Keys: { SK: { S: [{ suffix: "RECEIPT#" }] } } } }, false],
    ["a field that is there", { dynamodb: { NewImage: { a: [{ exists: false }] } } }, true],
    ["a field that is not", { dynamodb: { OldImage: { a: [{ exists: true }] } } }, false],
    ["anything but", { eventName: [{ "anything-but": ["REMOVE"] }] }, true],
    ["all of several fields", { eventName: ["INSERT"], dynamodb: { Keys: { PK: { S: ["x"] } } } }, false],
    ["case as it is", { eventName: ["insert"] }, false],
  ])("matches %s: %j -> %s", (_, pattern, expected) => {
    expect(compileFilter(JSON.stringify(pattern))(event)).toBe(expected);
  });

  describe("on AWS", () => {
    const change = {
      NewImage: {
        TYPE: { S: "COMPACTION_RUN" },
        size: { N: "7" },
        none: { NULL: true },
        tags: { SS: ["a", "b"] },
        sections: { L: [{ S: "sales" }, { M: { name: { S: "support" } } }] },
      },
    };
    const matches = (image: object) => compileFilter(JSON.stringify({ NewImage: image }))(change);

    test("finds nothing at a node that holds fields: exists sees leaves only", () => {
      expect(matches({ TYPE: [{ exists: true }] })).toBe(false);
      expect(matches({ TYPE: [{ exists: false }] })).toBe(true);
      expect(matches({ TYPE: { S: [{ exists: true }] } })).toBe(true);
      expect(matches({ sections: [{ exists: true }] })).toBe(false);
    });

    test("takes a field for absent when what would hold it is absent, or holds another type", () => {
      const absent = compileFilter(JSON.stringify({ OldImage: { TYPE: { S: [{ exists: false }] } } }));
      expect(absent(change)).toBe(true);
      expect(absent({ OldImage: {} })).toBe(true);
      expect(absent({ OldImage: { TYPE: { N: "1" } } })).toBe(true);
      expect(absent({ OldImage: { TYPE: { S: "" } } })).toBe(false);
    });

    test("takes null for a value that is there", () => {
      const filter = (rule: unknown) => compileFilter(JSON.stringify({ a: [rule] }));
      expect(filter({ exists: true })({ a: null })).toBe(true);
      expect(filter(null)({ a: null })).toBe(true);
      expect(filter(null)({})).toBe(false);
    });

    test("asks anything-but of a value that is there, so that an absent one passes only where exists lets it", () => {
      expect(matches({ TYPE: { S: [{ "anything-but": ["COMPACTION_RUN"] }] } })).toBe(false);
      expect(matches({ TYPE: { S: [{ "anything-but": "RECEIPT" }] } })).toBe(true);
      expect(matches({ missing: { S: [{ "anything-but": ["COMPACTION_RUN"] }] } })).toBe(false);
    });

    test("looks into lists: one element that fits is enough", () => {
      expect(matches({ tags: { SS: ["b"] } })).toBe(true);
      expect(matches({ tags: { SS: [{ prefix: "c" }] } })).toBe(false);
      expect(matches({ sections: { L: { S: [{ exists: true }] } } })).toBe(true);
      expect(matches({ sections: { L: { M: { name: { S: ["support"] } } } } })).toBe(true);
      expect(matches({ sections: { L: { N: [{ exists: true }] } } })).toBe(false);
    });

    test("compares texts without their case where the pattern says so", () => {
      const key = (rule: object) => compileFilter(JSON.stringify({ key: [rule] }));
      const suffix = key({ suffix: { "equals-ignore-case": ".jpg" } });
      expect(["a/B.JPG", "a/b.jpg"].map((name) => suffix({ key: name }))).toEqual([true, true]);
      expect(["a/b.jpeg", "a/.jpg/b", 7].map((name) => suffix({ key: name }))).toEqual([false, false, false]);
      expect(key({ suffix: ".jpg" })({ key: "a/B.JPG" })).toBe(false);
      expect(key({ prefix: { "equals-ignore-case": "A/" } })({ key: "a/b" })).toBe(true);
      expect(key({ "equals-ignore-case": "ALICE" })({ key: "Alice" })).toBe(true);
      expect(key({ "equals-ignore-case": "ALICE" })({ key: "Alice 2" })).toBe(false);
    });

    test("compares numbers, in ranges too", () => {
      const size = (...comparisons: unknown[]) => {
        const filter = compileFilter(JSON.stringify({ size: [{ numeric: comparisons }] }));
        return [0, 5, 10, "5"].map((value) => filter({ size: value }));
      };
      expect(size(">", 0, "<=", 5)).toEqual([false, true, false, false]);
      expect(size("=", 10)).toEqual([false, false, true, false]);
      expect(size(">=", 5)).toEqual([false, true, true, false]);
      expect(size("<", 5)).toEqual([true, false, false, false]);
    });

    test("excludes texts by their beginning or end too", () => {
      const but = (rule: object) => compileFilter(JSON.stringify({ key: [{ "anything-but": rule }] }));
      expect(["x/a", "y/a"].map((key) => but({ prefix: "x/" })({ key }))).toEqual([false, true]);
      expect(["a.gif", "a.GIF", "a.jpg"].map((key) => but({ suffix: [".gif", ".GIF"] })({ key }))).toEqual([
        false,
        false,
        true,
      ]);
    });

    test("compares a number of an item as the text that it is there", () => {
      expect(matches({ size: { N: ["7"] } })).toBe(true);
      expect(matches({ size: { N: [7] } })).toBe(false);
    });
  });

  test.each([
    ["an operator that is not implemented", '{"a":[{"cidr":"10.0.0.0/8"}]}'],
    ["a wildcard", '{"a":[{"wildcard":"a*b"}]}'],
    ["a numeric without a number", '{"a":[{"numeric":[">","1"]}]}'],
    ["a numeric of an unknown comparison", '{"a":[{"numeric":["!=",1]}]}'],
    ["a numeric of one and a half comparisons", '{"a":[{"numeric":[">",1,"<"]}]}'],
    ["a suffix of another operator", '{"a":[{"suffix":{"prefix":"x"}}]}'],
    ["a value outside a list", '{"a":"b"}'],
    ["broken JSON", "{"],
    ["an $or", '{"$or":[{"a":[1]}]}'],
    ["an exists that is neither true nor false", '{"a":[{"exists":"false"}]}'],
    ["an anything-but of a wildcard", '{"a":[{"anything-but":{"wildcard":"x*"}}]}'],
    ["an anything-but of no prefix", '{"a":[{"anything-but":{"prefix":[]}}]}'],
    ["an anything-but of mixed types", '{"a":[{"anything-but":["x",1]}]}'],
    ["an anything-but of nothing", '{"a":[{"anything-but":[]}]}'],
    ["a list among the alternatives", '{"a":[["x"]]}'],
    ["an empty object", '{"a":{}}'],
  ])("is refused with %s rather than guessed", (_, pattern) => {
    expect(() => compileFilter(pattern)).toThrow(FilterNotUnderstoodError);
  });
});
