/** Encodings of a CSV. UTF-16 is also recognised by its byte order mark. */
export const encodings = ["utf-8", "utf-16le", "utf-16be", "windows-1252"] as const;

export type Encoding = (typeof encodings)[number];

/** The delimiters of cells, by the names that callers and messages use. */
export const delimiters = { comma: ",", semicolon: ";", tab: "\t", pipe: "|" } as const;

export type DelimiterName = keyof typeof delimiters;

export const delimiterNames = Object.keys(delimiters) as [DelimiterName, ...DelimiterName[]];
export const delimiterCharacters = [",", ";", "\t", "|"] as const;

/** The delimiter that a name or a character denotes. */
export function delimiterOf(given: DelimiterName | (typeof delimiterCharacters)[number]): string {
  return given in delimiters ? delimiters[given as DelimiterName] : given;
}
