import { describe as sentencesOf } from "../../../cli/command.ts";
import { terminalJson, terminalLines, terminalText } from "../../../cli/terminal-text.ts";
import { ObjectMissingError } from "../../../core/ingest/ingest-errors.ts";

const hostile = "a\u001b[31mred\u0007\u009b2J\u202eback\nnext\u001b]0;title\u0007";

test("a text from outside is one line that steers no terminal", () => {
  expect(terminalText(hostile)).not.toMatch(/[\p{Cc}\u202e]/u);
  expect(terminalText("tab\there \u0007bell \u001b[31mred")).toBe("tab here  bell red");
  expect(terminalText("\u200fشكرا 👩\u200d👧")).toBe("\u200fشكرا 👩\u200d👧");
});

test("lines stay lines", () => {
  expect(terminalLines(hostile).split("\n")).toHaveLength(2);
  expect(terminalLines(hostile)).not.toMatch(/[^\P{Cc}\n]/u);
});

test("JSON says the same, and nothing in it is obeyed", () => {
  const json = terminalJson({ text: hostile });
  expect(JSON.parse(json)).toEqual({ text: hostile });
  expect(json).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
});

test("a failure that names a text from outside colours nothing", () => {
  expect(sentencesOf(new ObjectMissingError("bucket", "k\u001b[31mey"))).not.toContain("\u001b");
});
