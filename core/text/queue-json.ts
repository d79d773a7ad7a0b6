/** SQS rejects these two characters, which JSON does not escape. */
const refused = /[\ufffe\uffff]/g;

/** Returns JSON that is valid as an SQS message body, for any strings in the value. */
export function queueJson(value: unknown): string {
  return JSON.stringify(value).replace(refused, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}

/** Returns text that is valid as an SQS attribute; invalid characters become question marks. */
export function queueText(text: string): string {
  return text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, "?");
}
