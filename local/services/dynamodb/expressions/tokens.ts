export interface Token {
  readonly kind: "word" | "name" | "value" | "number" | "symbol" | "unknown" | "end";
  readonly text: string;
}

const pattern =
  /\s+|(?<word>[A-Za-z][A-Za-z0-9_]*)|(?<name>#[A-Za-z0-9_]+)|(?<value>:[A-Za-z0-9_]+)|(?<number>\d+)|(?<symbol><>|<=|>=|[<>=()[\],.+-])|(?<unknown>[\s\S])/gy;

/** Splits the text in one pass; the last token is the end. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (const { groups = {} } of text.matchAll(pattern)) {
    const [kind, found] = Object.entries(groups).find(([, part]) => part !== undefined) ?? [];
    if (kind !== undefined && found !== undefined) tokens.push({ kind: kind as Token["kind"], text: found });
  }
  return [...tokens, { kind: "end", text: "<EOF>" }];
}
