/** The names of HTML elements. */
const elements = new Set(
  [
    "a abbr address article aside audio b bdi bdo big blockquote body br button canvas caption center cite code col colgroup",
    "data dd del details dfn dialog div dl dt em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4",
    "h5 h6 head header hr html i iframe img input ins kbd label legend li link main map mark meta meter nav noscript object ol",
    "optgroup option output p param picture pre progress q rp rt ruby s samp script section select small source span strike",
    "strong style sub summary sup svg table tbody td template textarea tfoot th thead time title tr track tt u ul var video wbr",
  ]
    .join(" ")
    .split(" "),
);
/** The attributes that HTML allows without a value. With any other word the text is not a tag: `if a <b and c> d`. */
const bareAttributes = new Set(
  "allowfullscreen async autofocus autoplay checked compact controls default defer disabled hidden inert ismap itemscope loop multiple muted noshade novalidate nowrap open readonly required reversed selected".split(
    " ",
  ),
);

const elementName = /[a-z][a-z\d]{0,15}/iy;
const blanks = /\s*/y;
const attributeName = /[^\s"'<>/=]+/y;
const bareValue = /[^\s"'<>=]+/y;

/**
 * Replaces each tag by a blank. Everything else is kept, for example `a <b and c> d`. A tag may begin inside the quotes
 * of another, but two readings that overlap are never in the same kind of quotes, so no character is read more than
 * three times (F31).
 */
export function stripTags(text: string): string {
  const reader = new TagReader(text);
  let kept = "";
  let from = 0;
  for (let at = text.indexOf("<"); at >= 0; at = text.indexOf("<", at)) {
    const end = reader.endOf(at);
    if (end === undefined) at += 1;
    else {
      kept += `${text.slice(from, at)} `;
      from = end;
      at = end;
    }
  }
  return kept + text.slice(from);
}

class TagReader {
  readonly #text: string;
  /** Quotes that are not closed anywhere in the rest of the text. */
  readonly #unclosed = new Set<string>();

  constructor(text: string) {
    this.#text = text;
  }

  /** The end of the tag that begins here; undefined if no tag begins here. */
  endOf(start: number): number | undefined {
    const name = start + (this.#text[start + 1] === "/" ? 2 : 1);
    const end = this.#end(elementName, name);
    const isElement = end !== undefined && elements.has(this.#text.slice(name, end).toLowerCase());
    for (let at = isElement ? end : undefined; at !== undefined; ) {
      const next: number = this.#end(blanks, at) ?? at;
      if (this.#text[next] === ">") return next + 1;
      if (this.#text.startsWith("/>", next)) return next + 2;
      at = next === at ? undefined : this.#endOfAttribute(next);
    }
    return undefined;
  }

  #endOfAttribute(start: number): number | undefined {
    const end = this.#end(attributeName, start);
    if (end === undefined) return undefined;
    const equals = this.#end(blanks, end) ?? end;
    if (this.#text[equals] === "=") return this.#endOfValue(this.#end(blanks, equals + 1) ?? equals + 1);
    return bareAttributes.has(this.#text.slice(start, end).toLowerCase()) ? end : undefined;
  }

  #endOfValue(start: number): number | undefined {
    const quote = this.#text[start] ?? "";
    if (quote !== '"' && quote !== "'") return this.#end(bareValue, start);
    if (this.#unclosed.has(quote)) return undefined;
    const close = this.#text.indexOf(quote, start + 1);
    if (close >= 0) return close + 1;
    this.#unclosed.add(quote);
    return undefined;
  }

  /** The end of the match at this position; undefined if the pattern does not match. */
  #end(pattern: RegExp, start: number): number | undefined {
    pattern.lastIndex = start;
    return pattern.test(this.#text) ? pattern.lastIndex : undefined;
  }
}
