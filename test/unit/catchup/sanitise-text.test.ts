import fc from "fast-check";
import { sanitiseText } from "../../../core/catchup/records/sanitise-text.ts";
import { cpuMsOf } from "../cpu-time.ts";

test.each([
  "5 < 6 and 7 > 3",
  "AT&T",
  "a@b.com",
  "50%",
  "R&D; Q&A",
  "a<b",
  "if x <= y or y => z",
  "<3 you",
  "if a <b and c> d",
  "p<q and r>s",
  "😀 👩‍👩‍👧 🇨🇭",
  "漢字 кириллица العربية ไทย עברית",
  "C:\\temp\\2024 & #1",
  "{{name}} [link](x) *bold*",
])("%s survives as it is", (text) => {
  expect(sanitiseText(text)).toBe(text);
});

test.each([
  ["<p>One</p><p>Two</p>", "One Two"],
  ['<a href="https://x.y/?a=1&amp;b=2" target=_blank>here</a>', "here"],
  ["line<br/>break<BR>again", "line break again"],
  ['<input type="checkbox" checked disabled> yes', "yes"],
  ["<td nowrap valign = top>cell</td>", "cell"],
  ["<script>alert('1 < 2')</script>after", "after"],
  ["<style type='text/css'>p { color: red }</style>after", "after"],
  ["a <!-- <b>hidden</b> --> z", "a z"],
  ["<!DOCTYPE html><html><body>x</body></html>", "x"],
  ["<![CDATA[kept]]>", "kept"],
])("tags, scripts and comments of %s are gone", (source, text) => {
  expect(sanitiseText(source)).toBe(text);
});

test.each([
  ["5 &lt; 6", "5 < 6"],
  ["caf&eacute; &#233; &#xe9;", "café é é"],
  ["Fish &amp; Chips", "Fish & Chips"],
  ["a&nbsp;b", "a b"],
  ["&lt;b&gt;bold&lt;/b&gt;", "bold"],
  ["&amp;lt;script&amp;gt;evil&amp;lt;/script&amp;gt; good", "good"],
])("entities of %s are read, also where they were escaped twice", (source, text) => {
  expect(sanitiseText(source)).toBe(text);
});

test.each([
  ["2024-03-05", "March 5, 2024"],
  ["from 2024-01-31 to 2024-02-29.", "from January 31, 2024 to February 29, 2024."],
  ["2024-03-05T10:20:30Z", "March 5, 2024 10:20 UTC"],
  ["2024-03-05 10:20", "March 5, 2024 10:20"],
  ["2024-03-05T10:20:30.123+02:00", "March 5, 2024 10:20 UTC+02:00"],
])("the date %s is written out", (source, text) => {
  expect(sanitiseText(source)).toBe(text);
});

test.each([
  "2024-02-30",
  "2023-02-29",
  "2024-13-01",
  "2024-00-10",
  "2024-01-00",
  "12024-01-01",
  "A-2024-01-01-7",
])("%s is no date and stays", (text) => {
  expect(sanitiseText(text)).toBe(text);
});

test("white space, controls and invisible signs fold into one blank, and none is left at the ends", () => {
  expect(sanitiseText("\ufeff  a\r\n\t b\u00a0\u200bc\u0000d ")).toBe("a b c d");
  expect(sanitiseText(" \n\t\u200b ")).toBe("");
});

test("an invisible sign hides no tag", () => {
  expect(sanitiseText("<b\u200b>bold</b\u0000>")).toBe("bold");
  expect(sanitiseText("<b&#8203;>bold")).toBe("bold");
});

const pieces = fc.constantFrom(
  ..."<>/&;#-=\"' \n\u200b\u0000",
  ...[
    "b",
    "<b",
    "</b",
    "script",
    "</script>",
    "amp;",
    "lt;",
    "#8203;",
    "#60;",
    "2024-03-05",
    "T10:20",
    ":30Z",
    "!--",
    "-->",
    "é",
    "😀",
    "7",
  ],
);

test("cleaning a clean text changes nothing", () => {
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
      const clean = sanitiseText(parts.join(""));
      if (clean !== undefined) expect(sanitiseText(clean)).toBe(clean);
    }),
    { numRuns: 5_000 },
  );
});

test("a text without markup and dates keeps every sign that is no white space", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      fc.pre(!/[<&]|\d{4}-\d{2}-\d{2}|\]\]>/.test(text));
      expect(sanitiseText(text)?.replaceAll(" ", "")).toBe(
        text.replace(/[\s\p{Cc}\u200b\u2060\ufeff]/gu, ""),
      );
    }),
  );
});

describe("F31: cleaning takes time by the length of the text", () => {
  test("markup within markup is given up after some rounds, and costs no more than them", () => {
    expect(sanitiseText("<b".repeat(10) + ">".repeat(10))).toBe("");
    expect(sanitiseText("<b".repeat(20_000) + ">".repeat(20_000))).toBeUndefined();
  });

  test.each([
    "<script>",
    "<style ",
    "<!--",
    "<!doctype ",
    "&amp;",
    "amp;",
    "&#0",
    "<b a=",
    "<b a='",
    "<b a=' ",
    "<b a=\"'",
    '<a title="<b>" ',
    ' a="<b b=\'" ',
    "]]>",
    "<",
    "2024-01-",
    "2024-01-01T10:10:10.1",
    "<b<b",
    ">",
  ])("four times as much of %s takes some four times as long", (piece) => {
    const timeOf = (times: number) => {
      const text = `<b${piece.repeat(times)}`;
      return cpuMsOf(() => sanitiseText(text));
    };
    timeOf(10_000);
    expect(timeOf(40_000)).toBeLessThan(12 * timeOf(10_000) + 1_000);
  });
});

test("an entity that names no character stays as it was written", () => {
  expect(sanitiseText("a &#xD800; b &#0; c &#xFFFD; d &#55357; &#x1F600;")).toBe(
    "a &#xD800; b &#0; c \ufffd d &#55357; 😀",
  );
});
