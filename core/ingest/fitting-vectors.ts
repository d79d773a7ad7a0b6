import { requestLimits, tokenBound } from "../embedding/limits.ts";
import type { PlannedRow } from "../receipts/planned-vectors.ts";

const maxTokens = requestLimits.inputTokens;
/** A line or word of OCR output has a few dozen. More is no line, and is rejected before anything is counted. */
const maxOwnCharacters = maxTokens;
/** A text within the limit of tokens has some four bytes for each: more are a run of blanks, which costs nothing and says nothing. */
const maxBytes = 4 * maxTokens;
/** Of each part of a context that does not fit whole. */
const maxClippedBytes = 512;

export interface FittingVectors<Row> {
  readonly vectors: readonly PlannedRow<Row>[];
  readonly rejected: readonly { readonly row: Row; readonly reason: string }[];
}

/**
 * The vectors whose texts the model reads whole. A row is rejected for its own text alone; a context that is too long
 * is clipped, so that no neighbour takes a row out (F30). Bytes decide first, as no text has more tokens than bytes;
 * tokens are counted of the few that are left.
 */
export async function fittingVectors<Row>(planned: readonly PlannedRow<Row>[]): Promise<FittingVectors<Row>> {
  const count = await tokenCounter(planned);
  const vectors: PlannedRow<Row>[] = [];
  const rejected: { row: Row; reason: string }[] = [];
  for (const one of planned) {
    const reason = reasonAgainst(one.document, count);
    if (reason !== undefined) rejected.push({ row: one.row, reason });
    else vectors.push(fits(one.text, count) ? one : { ...one, text: clipped(one, count) });
  }
  return { vectors, rejected };
}

type Count = (text: string) => number;

/** The tokeniser is loaded where a text needs it, which hardly any receipt does. Lines of one row share their text. */
async function tokenCounter<Row>(planned: readonly PlannedRow<Row>[]): Promise<Count> {
  if (planned.every(({ text }) => tokenBound(text) <= maxTokens)) return tokenBound;
  const { countTokensUpTo } = await import("../text/tokens.ts");
  const counted = new Map<string, number>();
  return (text) => {
    const bound = tokenBound(text);
    if (bound <= maxTokens) return bound;
    const tokens = counted.get(text) ?? countTokensUpTo(text, maxTokens);
    counted.set(text, tokens);
    return tokens;
  };
}

function fits(text: string, count: Count): boolean {
  return tokenBound(text) <= maxBytes && count(text) <= maxTokens;
}

function reasonAgainst(text: string, count: Count): string | undefined {
  if (text.length > maxOwnCharacters) {
    return `text_too_long: ${text.length} characters, and a row may have ${maxOwnCharacters}`;
  }
  const isTooLong = count(text) > maxTokens;
  return isTooLong ? `text_too_long: more than the ${maxTokens} tokens that the model reads` : undefined;
}

/** The text with so much of its context that it fits, the nearest of each part. */
function clipped<Row>({ parts }: PlannedRow<Row>, count: Count): string {
  const { before, own, after } = parts();
  const room = Math.floor((maxTokens - count(own)) / (before.length + after.length));
  const each = Math.min(maxClippedBytes, room);
  return [
    ...before.map((part) => lastBytes(part, each)),
    own,
    ...after.map((part) => firstBytes(part, each)),
  ].join("");
}

function firstBytes(text: string, bytes: number): string {
  return text.slice(0, new TextEncoder().encodeInto(text, new Uint8Array(bytes)).read);
}

/** Whole characters only. */
function lastBytes(text: string, bytes: number): string {
  const characters = [...text.slice(-bytes)];
  let [from, room] = [characters.length, bytes];
  for (const character of characters.toReversed()) {
    room -= Buffer.byteLength(character);
    if (room < 0 || !character.isWellFormed()) break;
    from -= 1;
  }
  return characters.slice(from).join("");
}
