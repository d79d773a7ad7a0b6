/** The number of a generation, 1 for the first of its shard, and the token of the lease under which it was written. */
export interface NumberAndToken {
  readonly number: number;
  readonly token: number;
}

/** Unique, also among generations of the same number. */
export function generationName(number: number, token: number): string {
  return `${String(number).padStart(8, "0")}-${token}`;
}

/** Undefined for any other text. */
export function parseGenerationName(name: string): NumberAndToken | undefined {
  const [, number, token] = /^(\d{8,})-(\d+)$/.exec(name) ?? [];
  return token === undefined ? undefined : { number: Number(number), token: Number(token) };
}

/** The name of a folder that is being written, or removed. */
export function temporaryName(name: string): string {
  return `${temporary}${name}`;
}

/** The name that a folder has, had or gets, without what marks it as temporary. */
export function withoutTemporary(folder: string): string {
  return folder.replace(/^(?:\.tmp-)+/, "");
}

const temporary = ".tmp-";
