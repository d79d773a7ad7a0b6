import { stripVTControlCharacters } from "node:util";

/** Control characters and bidirectional marks, which change what a terminal displays. */
const steering = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;

/** Returns external text as one line without control sequences. */
export function terminalText(text: string): string {
  return stripVTControlCharacters(text).replace(steering, " ").trim();
}

/** The same for text with several lines. */
export function terminalLines(text: string): string {
  return text
    .split("\n")
    .map((line) => stripVTControlCharacters(line).replace(steering, " ").trimEnd())
    .join("\n");
}

/** Formats JSON for people and programs. Escapes the control characters that JSON itself does not escape. */
export function terminalJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
