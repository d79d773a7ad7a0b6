/** Encodings of a CSV. UTF-16 is also told by a byte order mark. */
export const encodings = ["utf-8", "utf-16le", "utf-16be", "windows-1252"] as const;

export type Encoding = (typeof encodings)[number];

/** What may part the cells of a row, by the names that callers and messages use. */
export const delimiters = { comma: ",", semicolon: ";", tab: "\t", pipe: "|" } as const;

export type DelimiterName = keyof typeof delimiters;

export const delimiterNames = Object.keys(delimiters) as [DelimiterName, ...DelimiterName[]];
export const delimiterCharacters = [",", ";", "\t", "|"] as const;

/** A delimiter by its name or as itself. */
export function delimiterOf(given: DelimiterName | (typeof delimiterCharacters)[number]): string {
  return given in delimiters ? delimiters[given as DelimiterName] : given;
}
