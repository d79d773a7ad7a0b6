/** SQS refuses these two characters, which JSON need not escape. */
const refused = /[\ufffe\uffff]/g;

/** JSON as the body of a queue message: any string of the value can stand in it. */
export function queueJson(value: unknown): string {
  return JSON.stringify(value).replace(refused, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}
