import { readArguments, sourcesMeant } from "../../../cli/failed/arguments.ts";
import { exitCodeOf, listAll, purgeAll, retryAll, withFailedAgain } from "../../../cli/failed/operations.ts";
import {
  ageText,
  handledText,
  listedText,
  purgedText,
  retriedText,
  supersededText,
} from "../../../cli/failed/report.ts";
import type { FailedSource, FailedThing } from "../../../core/failed/failed-source.ts";

const now = Date.parse("2026-11-25T12:00:00.000Z");
const thing: FailedThing = {
  id: "m-1",
  since: "2026-11-25T09:00:00.000Z",
  image_id: "image",
  receipt_id: 7,
  entity: "RECEIPT_METADATA",
  reason: "It is \u001b[31mbad\u001b[0m.",
};

function source(name: string, things: readonly FailedThing[], retried = things.length): FailedSource {
  return {
    name,
    list: async () => ({ things, total: things.length }),
    retry: async () => ({ retried, stayed: things.slice(retried), untouched: 0 }),
    purge: async (listing) => listing.things.length,
  };
}

const refuse = async () => {
  throw new Error("AccessDenied");
};
const unreadable: FailedSource = { name: "closed", list: refuse, retry: refuse, purge: refuse };

describe("the command line", () => {
  test.each([
    [["--retry", "--purge"], /^Use one of --retry, --purge and --superseded\./],
    [["--retry", "--superseded"], /^Use one of --retry, --purge and --superseded\./],
    [["--wait", "5"], /^--wait is only for --retry\./],
    [["--retry", "--wait", "soon"], /^--wait is a whole number of seconds up to 3600\./],
    [["--retry", "--wait", "3601"], /^--wait is a whole number/],
    [["--superseded", "embed"], /^--superseded takes no NAME/],
    [["--days", "2"], /^--days is only for --superseded/],
    [["--superseded", "--days", "31"], /^--days is a whole number from 1 to 30/],
    [["--yes"], /^--yes is only for --purge\./],
    [["--delete"], /--delete/],
  ])("%j is refused", (args, why) => {
    expect(() => readArguments(args)).toThrow(why);
  });

  test("names select sources, and an unknown one is refused with the known ones", () => {
    const sources = [source("a", []), source("b", [])];
    const meant = (...args: string[]) => sourcesMeant(readArguments(args), sources).map(({ name }) => name);
    expect(meant()).toEqual(["a", "b"]);
    expect(meant("b", "--retry")).toEqual(["b"]);
    expect(() => meant("b", "c")).toThrow(/^This stack has no c\. It has: a, b\./);
  });
});

describe("the exit code", () => {
  test("is 0 where nothing has failed, 1 where something has, 2 where a source cannot be read", async () => {
    expect(exitCodeOf(await listAll([source("a", [])]))).toBe(0);
    expect(exitCodeOf(await listAll([source("a", []), source("b", [thing])]))).toBe(1);
    expect(exitCodeOf(await listAll([source("b", [thing]), unreadable]))).toBe(2);
  });

  test("after a retry or a purge is that of what is left", async () => {
    expect(exitCodeOf(await retryAll([source("a", [thing])]))).toBe(0);
    expect(exitCodeOf(await retryAll([source("a", [thing], 0)]))).toBe(1);
    const sources = [source("a", [thing])];
    expect(exitCodeOf(await purgeAll(sources, await listAll(sources)))).toBe(0);
    expect(exitCodeOf(await purgeAll([unreadable], await listAll([unreadable])))).toBe(2);
  });
});

describe("F36: the end of a retry", () => {
  const began = "2026-11-25T11:00:00.000Z";
  const again: FailedThing = { ...thing, id: "m-9", since: "2026-11-25T11:30:00.000Z" };

  test("names what failed since it began, in whatever source it ended, and nothing else", async () => {
    const results = await retryAll([source("a", [thing], 1)]);
    const handled = await withFailedAgain(
      [source("a", [thing, again]), source("b", [again]), source("c", [thing])],
      results,
      began,
    );
    const lines = retriedText(handled, now);
    expect(lines[0]).toBe("a: 1 sent again, 1 failed again");
    expect(lines[2]).toContain("m-9");
    expect(lines[3]).toBe("b: 0 sent again, 1 failed again");
    expect(lines.join("\n")).not.toContain("m-1");
    expect(handledText(handled, 0, 300)).toBe("2 failed again.");
    expect(exitCodeOf(handled)).toBe(1);
  });

  test("says that nothing failed, and counts what stayed behind as not tried", async () => {
    const stayed = { ...again, id: "m-3" };
    const results = await retryAll([source("a", [thing, stayed], 1)]);
    const handled = await withFailedAgain([source("a", [stayed])], results, began);
    expect(retriedText(handled, now)[0]).toBe("a: 1 sent again, 1 stay");
    expect(handledText(handled, 0, 300)).toBe("Nothing failed again.");
    expect(handledText(handled, 4, 300)).toBe(
      "Nothing failed again in 300 s, and 4 messages are in flight: run `npm run failed` later to see their outcome.",
    );
  });

  test("hides no source that could not be looked at", async () => {
    const handled = await withFailedAgain([unreadable], await retryAll([source("a", [thing])]), began);
    expect(exitCodeOf(handled)).toBe(2);
  });
});

test("F36: superseded exports are shown as no failures, and a log that was not read to its end is named", () => {
  const none = { exports: [], isWhole: true };
  expect(supersededText(none, { now, days: 1 })).toEqual(["No export of the last day was superseded."]);
  const [head, , row, cut] = supersededText({ exports: [thing], isWhole: false }, { now, days: 7 });
  expect([head, row, cut]).toEqual([
    "superseded in the last 7 days: 1; no action needed",
    expect.stringContaining("m-1"),
    "The log is longer than is read at once: newer ones are left out. Use fewer --days.",
  ]);
});

describe("what is shown", () => {
  test("is one table per source, the empty ones in one line, the unreadable ones with their error", async () => {
    const listed = await listAll([source("a", [thing]), source("b", []), unreadable]);
    expect(listedText(listed, now)).toEqual([
      "a: 1",
      "  age  image  receipt  what              id   reason",
      "  3 h  image        7  RECEIPT_METADATA  m-1  It is bad.",
      "",
      "closed: could not be read completely (Error: AccessDenied)",
      "",
      "Nothing in b.",
    ]);
  });

  test("after a retry is what was sent and what stays; after a purge what was deleted", async () => {
    const other = { ...thing, id: "m-2" };
    const [head, , row] = retriedText(await retryAll([source("a", [thing, other], 1)]), now);
    expect(head).toBe("a: 1 sent again, 1 stay");
    expect(row).toContain("m-2");
    const sources = [source("a", [thing])];
    expect(purgedText(await purgeAll(sources, await listAll(sources)))).toEqual(["a: 1 deleted"]);
    expect(retriedText(await retryAll([source("a", [])]), now)).toEqual(["Nothing has failed."]);
  });

  test.each([
    ["2026-11-25T11:59:30.000Z", "30 s"],
    ["2026-11-25T11:50:00.000Z", "10 min"],
    ["2026-11-24T12:00:00.000Z", "24 h"],
    ["2026-11-20T12:00:00.000Z", "5 d"],
    ["2026-11-25T12:00:05.000Z", "0 s"],
  ])("an age since %s is %s", (since, text) => {
    expect(ageText(since, now)).toBe(text);
  });
});
