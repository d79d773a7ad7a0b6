/**
 * Version of the rules that make the text of a row (sanitise-text.ts). Vectors of texts of different versions do not mix: a
 * change of the rules changes it.
 */
export const textFormat = "catch-up-text/1";
