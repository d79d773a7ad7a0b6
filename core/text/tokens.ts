import { countTokens } from "gpt-tokenizer/encoding/cl100k_base";

/** Special tokens in a text are counted as plain text. */
const asText = { allowedSpecial: new Set<string>(), disallowedSpecial: new Set<string>() };

/** The tokenizer takes quadratic time for text without whitespace, so the slices are bounded. */
const maxSlice = 512;
/** Maximum slice without whitespace. Each cut may add a token: a long unbroken text is overcounted by about 2 %. */
const maxUnbroken = 128;

/**
 * Number of tokens as OpenAI's embedding models count them (cl100k), in linear time (F31). Counting stops at the first
 * slice that exceeds `limit`; the result is then above `limit` but incomplete.
 */
export function countTokensUpTo(text: string, limit = Number.POSITIVE_INFINITY): number {
  let tokens = 0;
  for (const slice of batchesOf(text)) {
    tokens += countTokens(slice, asText);
    if (tokens > limit) break;
  }
  return tokens;
}

/**
 * Splits a text into slices. Cuts between a word and its space do not change the number of tokens, because a token
 * never spans them.
 */
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
