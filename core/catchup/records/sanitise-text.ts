import { decodeHTMLStrict } from "entities";
import { stripTags } from "./strip-tags.ts";

const characterData = /<!\[CDATA\[|\]\]>/gi;
/** What is cut out with all that it holds, and where each kind ends. */
const blockStart = /<(script|style)(?=[\s/>])|<!--|<!doctype\b/gi;
const blockEnds = { script: /<\/script\s*>/gi, style: /<\/style\s*>/gi, "<!--": /-->/g, "<!doctype": />/g };
/** `&amp;amp;lt;`, escaped any number of times, is read at once. */
const escapedTwice = /&(?:(?:amp|AMP|#0*38|#[xX]0*26);)+/g;
const entity = /&[^;&\s]{1,64};/g;
const whiteSpace = /[\s\p{Cc}\u200b\u2060\ufeff]+/gu;

/** How often tags are taken out and entities read: far more than any page needs. */
const maxRounds = 16;
const replacement = "\ufffd";
const namesReplacement = /^&#(?:0*65533|[xX]0*[fF]{3}[dD]);$/;

/**
 * The text that is embedded: tags and entities are gone, ISO dates are written out, white space is one blank.
 * All other signs stay, `5 < 6`, `AT&T` and every script among them. Cleaning a clean text changes nothing.
 * Undefined for markup in markup that would take time by the square (F31).
 */
export function sanitiseText(source: string): string | undefined {
  const text = withoutMarkup(source);
  return text === undefined ? undefined : writeDatesOut(text);
}

/**
 * Until nothing changes: an escaped tag is a tag once its entities are read, and so is one that an invisible sign has cut.
 * Every round makes the text shorter.
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

/** An entity that names no character, such as `&#xD800;`, stays as it was written. */
function decoded(text: string): string {
  return text.replace(entity, (written) => {
    const read = decodeHTMLStrict(written);
    return read === replacement && !namesReplacement.test(written) ? written : read;
  });
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
