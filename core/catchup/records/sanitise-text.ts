import { decodeHTMLStrict } from "entities";
import { stripTags } from "./strip-tags.ts";

const characterData = /<!\[CDATA\[|\]\]>/gi;
/** The start of a block that is removed with its content, and the end of each kind of block. */
const blockStart = /<(script|style)(?=[\s/>])|<!--|<!doctype\b/gi;
const blockEnds = { script: /<\/script\s*>/gi, style: /<\/style\s*>/gi, "<!--": /-->/g, "<!doctype": />/g };
/** Matches repeated escaping such as `&amp;amp;lt;` in one step. */
const escapedTwice = /&(?:(?:amp|AMP|#0*38|#[xX]0*26);)+/g;
const entity = /&[^;&\s]{1,64};/g;
const whiteSpace = /[\s\p{Cc}\u200b\u2060\ufeff]+/gu;

/** Maximum number of rounds of removing tags and decoding entities; far more than any page needs. */
const maxRounds = 16;
const replacement = "\ufffd";
const namesReplacement = /^&#(?:0*65533|[xX]0*[fF]{3}[dD]);$/;

/**
 * The text to embed: tags are removed, entities decoded, ISO dates written out, and whitespace collapsed. All other
 * characters are kept, including `5 < 6`, `AT&T` and every script. Sanitising a sanitised text changes nothing.
 * Undefined for deeply nested markup, which would take quadratic time (F31).
 */
export function sanitiseText(source: string): string | undefined {
  const text = withoutMarkup(source);
  return text === undefined ? undefined : writeDatesOut(text);
}

/**
 * Repeats until nothing changes, because decoding an entity or removing an invisible character can produce a new tag.
 * Every round shortens the text.
 */
function withoutMarkup(source: string): string | undefined {
  let text = folded(source);
  for (let round = 0; round < maxRounds; round += 1) {
    const bare = stripTags(withoutBlocks(text).replace(characterData, " "));
    const next = folded(bare.includes("&") ? decoded(bare.replace(escapedTwice, "&")) : bare);
    if (next === text) return next;
    text = next;
  }
  return undefined;
}

/** An entity that does not denote a character, such as `&#xD800;`, is kept as written. */
function decoded(text: string): string {
  return text.replace(entity, (written) => {
    const read = decodeHTMLStrict(written);
    return read === replacement && !namesReplacement.test(written) ? written : read;
  });
}

/**
 * Runs in one pass. A kind of block without an end is not searched for again, because a malformed row could otherwise
 * take minutes.
 */
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

/** Writes `2024-03-05` as `March 5, 2024`, which models recognise as a date. */
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
