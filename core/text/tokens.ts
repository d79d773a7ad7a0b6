import { countTokens } from "gpt-tokenizer/encoding/cl100k_base";

/** A special token in a text is text like any other. */
const asText = { allowedSpecial: new Set<string>(), disallowedSpecial: new Set<string>() };

/** The tokeniser takes time by the square of a run without a blank, so it is given no longer slice than this. */
const maxSlice = 512;
/** Of a run without a blank. Each cut may add a token: an unbroken text of many slices is overrated by some 2 %. */
const maxUnbroken = 128;

/**
 * Tokens of a text as OpenAI's embedding models count them (cl100k), in time linear to the text (F31). Counting ends at the first
 * slice that goes over the limit: what is returned then is more than `limit`, and not all.
 */
export function countTokensUpTo(text: string, limit = Number.POSITIVE_INFINITY): number {
  let tokens = 0;
  for (const slice of batchesOf(text)) {
    tokens += countTokens(slice, asText);
    if (tokens > limit) break;
  }
  return tokens;
}

/** Together they are the text. Between a word and its blank there is always a border of tokens, so such a cut costs none. */
export function* batchesOf(text: string): Generator<string> {
  for (let from = 0; from < text.length; ) {
    const to = endOfSlice(text, from);
    yield text.slice(from, to);
    from = to;
  }
}

function endOfSlice(text: string, from: number): number {
  if (text.length - from <= maxUnbroken) return text.length;
  const blank = text.lastIndexOf(" ", from + maxSlice);
  if (text.length - from <= maxSlice && blank > from) return text.length;
  if (blank > from) return blank;
  const end = from + maxUnbroken;
  return isHighSurrogate(text.charCodeAt(end - 1)) ? end + 1 : end;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
