import { stripVTControlCharacters } from "node:util";

/** Controls, and marks that turn the direction of what follows: neither is text, and both steer a terminal. */
const steering = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;

/** A text from outside as one line that no terminal takes for a command, and that colours nothing. */
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

/** JSON for people and programs. What JSON itself does not escape and a terminal may obey is escaped too. */
export function terminalJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
