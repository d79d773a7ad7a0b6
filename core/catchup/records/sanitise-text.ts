import { decodeHTMLStrict } from "entities";

/** What HTML knows as elements. */
const elements = [
  "a abbr address article aside audio b bdi bdo big blockquote body br button canvas caption center cite code col colgroup",
  "data dd del details dfn dialog div dl dt em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4",
  "h5 h6 head header hr html i iframe img input ins kbd label legend li link main map mark meta meter nav noscript object ol",
  "optgroup option output p param picture pre progress q rp rt ruby s samp script section select small source span strike",
  "strong style sub summary sup svg table tbody td template textarea tfoot th thead time title tr track tt u ul var video wbr",
]
  .join(" ")
  .split(" ")
  .join("|");

/** The attributes that HTML lets stand without a value. Any other word makes it no tag: `if a <b and c> d`. */
const bareAttributes =
  "allowfullscreen|async|autofocus|autoplay|checked|compact|controls|default|defer|disabled|hidden|inert|ismap|itemscope|loop|multiple|muted|noshade|novalidate|nowrap|open|readonly|required|reversed|selected";
const attribute = String.raw`\s+(?:[^\s"'<>/=]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>=]+)|(?:${bareAttributes})(?=[\s/>]))`;
const tag = new RegExp(String.raw`</?(?:${elements})(?:${attribute})*\s*/?>`, "gi");
const characterData = /<!\[CDATA\[|\]\]>/gi;
/** What is cut out with all that it holds, and where each kind ends. */
const blockStart = /<(script|style)(?=[\s/>])|<!--|<!doctype\b/gi;
const blockEnds = { script: /<\/script\s*>/gi, style: /<\/style\s*>/gi, "<!--": /-->/g, "<!doctype": />/g };
/** `&amp;amp;lt;`, escaped any number of times, is read at once. */
const escapedTwice = /&(?:(?:amp|AMP|#0*38|#[xX]0*26);)+/g;
const whiteSpace = /[\s\p{Cc}\u200b\u2060\ufeff]+/gu;

/**
 * The text that is embedded: tags and entities are gone, ISO dates are written out, white space is one blank.
 * All other signs stay, `5 < 6`, `AT&T` and every script among them. Cleaning a clean text changes nothing.
 */
export function sanitiseText(source: string): string {
  return writeDatesOut(withoutMarkup(source));
}

/**
 * Until nothing changes: an escaped tag is a tag once its entities are read, and so is one that an invisible sign has cut.
 * Every round makes the text shorter.
 */
function withoutMarkup(source: string): string {
  for (let text = folded(source); ; ) {
    const bare = withoutBlocks(text).replace(characterData, " ").replace(tag, " ");
    const next = folded(bare.includes("&") ? decodeHTMLStrict(bare.replace(escapedTwice, "&")) : bare);
    if (next === text) return next;
    text = next;
  }
}

/** One pass: a kind whose end is nowhere further on is not looked for again, or a bad row could take minutes. */
function withoutBlocks(text: string): string {
  const endless = new Set<string>();
  let kept = "";
  let from = 0;
  for (const start of text.matchAll(blockStart)) {
    const kind = (start[1] ?? start[0]).toLowerCase() as keyof typeof blockEnds;
    if (start.index < from || endless.has(kind)) continue;
    const ending = blockEnds[kind];
    ending.lastIndex = start.index;
    if (ending.test(text)) {
      kept += `${text.slice(from, start.index)} `;
      from = ending.lastIndex;
    } else endless.add(kind);
  }
  return kept + text.slice(from);
}

function folded(text: string): string {
  return text.replace(whiteSpace, " ").trim();
}

const months = "January February March April May June July August September October November December".split(
  " ",
);
const isoDate =
  /(?<![\w-])(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::\d{2}(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?(?![\w-]|:\d)/g;

/** `2024-03-05` becomes `March 5, 2024`, which models read as the date that people write. */
function writeDatesOut(text: string): string {
  return text.replace(isoDate, (given, year, month, day, hour, minute, zone) => {
    const name = months[Number(month) - 1];
    if (name === undefined || !isDayOf(Number(year), Number(month), Number(day))) return given;
    const date = `${name} ${Number(day)}, ${year}`;
    if (hour === undefined) return date;
    return `${date} ${hour}:${minute}${zone === undefined ? "" : zone === "Z" ? " UTC" : ` UTC${zone}`}`;
  });
}

function isDayOf(year: number, month: number, day: number): boolean {
  return day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}
