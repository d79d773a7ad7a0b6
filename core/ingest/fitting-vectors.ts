import { requestLimits, tokenBound } from "../embedding/limits.ts";
import type { PlannedRow } from "../receipts/planned-vectors.ts";

const maxTokens = requestLimits.inputTokens;
/** Lines and words have a few dozen characters. Longer texts are rejected before tokens are counted. */
const maxOwnCharacters = maxTokens;
/** A text within the token limit has about four bytes per token; more are runs of whitespace. */
const maxBytes = 4 * maxTokens;
/** Limit per part of a context that is truncated. */
const maxClippedBytes = 512;

export interface FittingVectors<Row> {
  readonly vectors: readonly PlannedRow<Row>[];
  readonly rejected: readonly { readonly row: Row; readonly reason: string }[];
}

/**
 * The vectors whose texts fit the model's token limit. Only its own text rejects a row; a context that is too long is
 * truncated, so that a neighbour cannot reject it (F30). Short texts pass by their bytes, because a text has no more
 * tokens than bytes; tokens are counted for the others.
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

/** The tokenizer is loaded on demand, because few receipts need it. Lines of one row share their text. */
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
    return `text_too_long: ${text.length} characters; the maximum is ${maxOwnCharacters}`;
  }
  const isTooLong = count(text) > maxTokens;
  return isTooLong ? `text_too_long: more than the model's limit of ${maxTokens} tokens` : undefined;
}

/** The text with its context truncated to fit; the nearest text of each part is kept. */
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
