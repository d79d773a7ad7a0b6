/** A question as two inputs of PostgreSQL's websearch_to_tsquery. */
export interface LexicalQuery {
  /** Terms and phrases of which a document must have at least one. */
  readonly any: string;
  /** Terms and phrases that a document must not have. */
  readonly none: string;
}

const hasLetter = /[\p{L}\p{N}]/u;
const term = /(-?)("[^"]*"|\S+)/g;

/** Words and quoted phrases are alternatives; a minus excludes. */
export function lexicalQuery(question: string): LexicalQuery {
  const wanted: string[] = [];
  const excluded: string[] = [];
  for (const [, minus, text = ""] of question.replaceAll("\u0000", " ").matchAll(term)) {
    const word = /^".*"$/.test(text) ? text : text.replaceAll('"', "");
    if (!hasLetter.test(word) || /^(or|and)$/i.test(word)) continue;
    if (minus === "-") excluded.push(`-${word}`);
    else wanted.push(word);
  }
  return { any: wanted.join(" or "), none: excluded.join(" ") };
}
