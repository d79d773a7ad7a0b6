import { stripVTControlCharacters } from "node:util";

/** Control characters and bidirectional marks: neither is text, and both change what a terminal shows. */
const steering = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;

/** An external text as one line without control sequences. */
export function terminalText(text: string): string {
  return stripVTControlCharacters(text).replace(steering, " ").trim();
}

/** The same of a text of several lines. */
export function terminalLines(text: string): string {
  return text
    .split("\n")
    .map((line) => stripVTControlCharacters(line).replace(steering, " ").trimEnd())
    .join("\n");
}

/** JSON for people and programs. Escapes the control characters that JSON itself leaves alone. */
export function terminalJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
