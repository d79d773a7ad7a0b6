/** The number of a generation, starting at 1 in each shard, and the token of the lease under which it was written. */
export interface NumberAndToken {
  readonly number: number;
  readonly token: number;
}

/** Unique, even among generations with the same number. */
export function generationName(number: number, token: number): string {
  return `${String(number).padStart(8, "0")}-${token}`;
}

/** Undefined if the text is not the name of a generation. */
export function parseGenerationName(name: string): NumberAndToken | undefined {
  const [, number, token] = /^(\d{8,})-(\d+)$/.exec(name) ?? [];
  return token === undefined ? undefined : { number: Number(number), token: Number(token) };
}

/** The name of a folder while it is being written or removed. */
export function temporaryName(name: string): string {
  return `${temporary}${name}`;
}

/** The final name of a folder, without the prefixes that mark it as temporary. */
export function withoutTemporary(folder: string): string {
  return folder.replace(/^(?:\.tmp-)+/, "");
}

const temporary = ".tmp-";
