/** SQS refuses these two characters, which JSON need not escape. */
const refused = /[\ufffe\uffff]/g;

/** JSON as the body of a queue message: any string of the value can stand in it. */
export function queueJson(value: unknown): string {
  return JSON.stringify(value).replace(refused, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}

/** A text that SQS takes as an attribute: what it refuses is a question mark. */
export function queueText(text: string): string {
  return text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, "?");
}
