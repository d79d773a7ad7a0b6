import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { svgOf } from "../../../tools/record/svg.ts";
import { Terminal } from "../../../tools/record/terminal.ts";

const plain = (terminal: Terminal) => terminal.lines.map((line) => line.map(({ text }) => text).join(""));

test("a block that is rewritten replaces the one before", () => {
  const terminal = new Terminal();
  terminal.write("Starting\r\none 1\r\ntwo 1\r\n");
  terminal.write("\u001b[2A\u001b[0Jone 2\r\ntwo 2\r\n");
  expect(plain(terminal)).toEqual(["Starting", "one 2", "two 2", ""]);
});

test("styles hold until they are reset", () => {
  const terminal = new Terminal();
  terminal.write("\u001b[32mgreen\u001b[39m \u001b[1mbold\u001b[22m plain\n");
  expect(terminal.lines[0]).toEqual([
    { text: "green", styles: [32] },
    { text: " ", styles: [] },
    { text: "bold", styles: [1] },
    { text: " plain", styles: [] },
  ]);
});

test("what stays shows where nothing is animated, and what was replaced does not", () => {
  const line = (text: string) => [{ text, styles: [] }];
  const svg = svgOf(
    "A run",
    [
      { at: 0, lines: [line("$ npm start")] },
      { at: 5, lines: [line("$ npm start"), line("1 of <2>")] },
      { at: 30, lines: [line("$ npm start"), line("2 of <2>")] },
    ],
    40,
  );
  expect(svg).toContain('style="animation:s .01s 0.00s backwards"');
  // Pauses are shortened to 0.9 seconds each.
  expect(svg).toMatch(
    /opacity:0;animation:s \.01s 0\.90s forwards,h \.01s 1\.80s forwards"><text[^>]*>1 of &lt;2>/,
  );
  expect(svg).toMatch(/animation:s \.01s 1\.80s backwards"><text[^>]*>2 of &lt;2>/);
});

test("docs/start.svg is a recording that ended well, small, and names no folder of a computer", () => {
  const file = join(import.meta.dirname, "../../../docs/start.svg");
  const svg = readFileSync(file, "utf8");
  expect(svg).toContain("Every line and word is published exactly once");
  expect(svg).not.toMatch(/\/(home|root|Users|tmp|work)\//);
  expect(statSync(file).size).toBeLessThan(100_000);
});
