import { hasVisibleText } from "../../../core/text/visible-text.ts";
import { hasLoneSurrogate, wellFormedText } from "../../../core/text/well-formed-text.ts";

describe("F43: whether a text shows anything", () => {
  test.each([
    ["nothing", ""],
    ["spaces of every width", " \u00a0\u2003\u3000\t\r\n"],
    ["zero-width characters", "\u200b\u200c\u200d\u2060\ufeff"],
    ["a soft hyphen and direction marks", "\u00ad\u200e\u202e\u2066"],
    ["control characters", "\u0000\u0007\u001b"],
    ["fillers", "\u3164\u115f\u2800\ufff9"],
    ["variation selectors and tags", "\ufe0f\u{e0041}"],
    ["half of an emoji", "\ud83d"],
  ])("%s shows nothing", (_, text) => expect(hasVisibleText(text)).toBe(false));

  test.each([
    ["a letter among zero-width joiners", "\u200da\u200d"],
    ["Arabic", "\u200fشكرا"],
    ["an Arabic number sign", "\u0600"],
    ["an emoji", "👍"],
    ["punctuation", "-"],
  ])("%s shows something", (_, text) => expect(hasVisibleText(text)).toBe(true));
});

test("F30: a lone surrogate is replaced, and a whole pair stays", () => {
  expect(["Oat \ud83d cookie", "\udc4d", "👍"].map(hasLoneSurrogate)).toEqual([true, true, false]);
  expect(["Oat \ud83d cookie", "\udc4d", "👍"].map(wellFormedText)).toEqual([
    "Oat \ufffd cookie",
    "\ufffd",
    "👍",
  ]);
});
