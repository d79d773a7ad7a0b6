import { Readable } from "node:stream";
import { jitteredMs } from "../../resilience/backoff.ts";
import { type Clock, systemClock } from "../../resilience/clock.ts";
import { type Attempt, retry } from "../../resilience/retry.ts";
import { verdictOfStatus } from "../../resilience/status-verdict.ts";
import { InputError, VectorkeepError } from "../../vectorkeep-error.ts";
import type { DateRange } from "../requests/date-range.ts";
import { type ProcessRequest, usualNames } from "../requests/process-request.ts";
import { type Card, type DateNames, parametersOf, readCard, usualCard } from "./metabase-card.ts";
import { failureAtEnd, wordsOf } from "./metabase-words.ts";

const maxAttempts = 5;
const backoff = { firstMs: 250, maxMs: 8_000 };
/** The end of an export that is kept: enough for an error object with its stack trace. */
const tailBytes = 1024 * 1024;
const usualDateNames: DateNames = { start: "start_date", end: "end_date", column: "created_at" };

/** Metabase cannot answer the question permanently. */
export class QuestionFailedError extends InputError {
  constructor(question: string, reason: string) {
    super(
      `Metabase could not answer question ${question}: ${reason}.`,
      "Open the question in Metabase with the same dates, correct it, and start a new task.",
    );
  }
}

/** Metabase refuses the key. */
export class MetabaseNotAllowedError extends InputError {
  constructor(status: number) {
    super(
      `Metabase refuses this stack's key (HTTP ${status}).`,
      "Check the secret catchup:metabaseApiKey and the key's group in Metabase.",
    );
  }
}

/** Metabase failed or could not be reached, after retries. */
export class MetabaseUnavailableError extends VectorkeepError {
  constructor(what: string, options?: ErrorOptions) {
    super(
      `Metabase did not answer in ${maxAttempts} attempts or before the deadline: ${what}.`,
      "The task is retried. Check Metabase and the setting catchup:metabaseUrl.",
      options,
    );
  }
}

export interface MetabaseOptions {
  /** Without a trailing slash. */
  readonly url: string;
  readonly apiKey: string;
  /** Epoch milliseconds by which a response must have begun. */
  readonly giveUpAt: number;
  /** @default the system's */
  readonly clock?: Clock;
  /** The names of the date variables, and the column of a field filter. */
  readonly names?: DateNames;
}

/** The names that a request gives to the date variables and column. */
export function namesOf({ start_variable, end_variable, date_column }: ProcessRequest): DateNames {
  return {
    start: start_variable ?? usualNames.start_variable,
    end: end_variable ?? usualNames.end_variable,
    column: date_column,
  };
}

/** The card of a question. Throws QuestionFailedError, MetabaseNotAllowedError and MetabaseUnavailableError. */
export async function cardOf(options: MetabaseOptions, question: string): Promise<Card> {
  const answer = await ask(options, question, "GET", "");
  const text = await bodyOf(answer, question);
  try {
    return readCard(JSON.parse(text)) ?? usualCard;
  } catch {
    return usualCard;
  }
}

/**
 * Streams the CSV of a question for a range of dates. Uses the export, because only that is exempt from the row caps of
 * the query API. The range is passed in the question's variables; a card without any returns all its rows. Throws
 * QuestionFailedError, MetabaseNotAllowedError and MetabaseUnavailableError.
 */
export async function exportQuestion(
  options: MetabaseOptions,
  question: string,
  range: DateRange | undefined,
  card: Card = usualCard,
): Promise<Readable> {
  const parameters = (range && parametersOf(card, options.names ?? usualDateNames, range)) ?? [];
  const answer = await ask(options, question, "POST", "/query/csv", { parameters, format_rows: false });
  const isCsv = answer.headers.get("content-type")?.startsWith("text/csv") ?? false;
  if (!answer.ok || !isCsv || answer.body === null) throw await failureOf(answer, question);
  return Readable.from(checked(answer.body, question), { objectMode: false });
}

/** Whether a card has variables for dates, so that its export can be split and need not be filtered. */
export function takesDates(card: Card, names: DateNames = usualDateNames): boolean {
  return parametersOf(card, names, { start: "", end: "" }) !== undefined;
}

/**
 * Retries transient errors. A 429 defers the request for as long as Metabase asks and does not count as an attempt. A
 * failed query is a permanent error, although newer versions report it with status 500.
 */
function ask(
  { url, apiKey, giveUpAt, clock = systemClock }: MetabaseOptions,
  question: string,
  method: "GET" | "POST",
  path: string,
  body?: object,
): Promise<Response> {
  const attempt = async (): Promise<Attempt<Response>> => {
    const answer = await fetch(`${url}/api/card/${encodeURIComponent(question)}${path}`, {
      method,
      headers: { "content-type": "application/json", "x-api-key": apiKey },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).catch((error: Error) => error);
    if (!(answer instanceof Response)) return { kind: "retry", error: answer };
    const { status, headers } = answer;
    const verdict = verdictOfStatus(status, headers, clock.now());
    if (verdict === undefined) return { kind: "done", value: answer };
    const said = await answer.text().catch(() => "");
    const words = wordsOf(said);
    if (words !== undefined && isFailedQuery(said)) throw new QuestionFailedError(question, words);
    return { ...verdict, error: new Error(`HTTP ${status}${words ? ` ${words}` : ""}`) };
  };
  return retry(attempt, {
    maxAttempts,
    giveUpAt,
    backoffMs: (failed) => jitteredMs(backoff, failed),
    clock,
    exhausted: ({ error }) => new MetabaseUnavailableError(error.message),
  });
}

function isFailedQuery(body: string): boolean {
  return /"status"\s*:\s*"failed"/.test(body);
}

async function bodyOf(answer: Response, question: string): Promise<string> {
  if (!answer.ok) throw await failureOf(answer, question);
  return answer.text();
}

/** A failed query may have a status of success, with the reason in JSON. */
async function failureOf(answer: Response, question: string): Promise<InputError> {
  if (answer.status === 401 || answer.status === 403) return new MetabaseNotAllowedError(answer.status);
  const words = wordsOf(await answer.text());
  if (answer.status === 404) return new QuestionFailedError(question, "there is no such question");
  const type = answer.headers.get("content-type") ?? "no content type";
  return new QuestionFailedError(question, words ?? `HTTP ${answer.status} with ${type} and no reason`);
}

/**
 * Streams the export. A query that fails during the export ends with JSON instead of rows, and the rows before it are
 * incomplete. An empty export does not even have a header.
 */
async function* checked(body: AsyncIterable<Uint8Array>, question: string): AsyncGenerator<Uint8Array> {
  const tail: Uint8Array[] = [];
  let held = 0;
  for await (const piece of body) {
    tail.push(piece);
    held += piece.length;
    while (held - (tail[0]?.length ?? 0) >= tailBytes) held -= tail.shift()?.length ?? 0;
    yield piece;
  }
  if (held === 0) throw new QuestionFailedError(question, "its export is empty, without a header");
  const reason = failureAtEnd(Buffer.concat(tail).toString());
  if (reason !== undefined) throw new QuestionFailedError(question, reason);
}
