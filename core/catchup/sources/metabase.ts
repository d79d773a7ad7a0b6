import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs, retryAfterMs } from "../../embedding/retry.ts";
import { Failure, InputFailure } from "../../failure.ts";
import type { DateRange } from "../requests/date-range.ts";

const attempts = 5;
const lineFeed = 0x0a;
const brace = 0x7b;

/** Metabase says that the question cannot be answered: asking again would not help. */
export class QuestionFailed extends InputFailure {
  constructor(question: string, reason: string) {
    super(
      `Metabase could not answer question ${question}: ${reason}.`,
      "Open the question in Metabase with the same dates, mend it, and start a new task.",
    );
  }
}

/** Metabase refuses the key. */
export class MetabaseNotAllowed extends InputFailure {
  constructor(status: number) {
    super(
      `Metabase refuses this stack's key (HTTP ${status}).`,
      "Check the secret catchup:metabaseApiKey and the group that the key belongs to.",
    );
  }
}

/** Metabase failed or could not be reached, also after retries. */
export class MetabaseUnavailable extends Failure {
  constructor(what: string, options?: ErrorOptions) {
    super(
      `Metabase could not be reached in ${attempts} attempts: ${what}.`,
      "The task is tried again; check Metabase and the setting catchup:metabaseUrl.",
      options,
    );
  }
}

export interface MetabaseOptions {
  /** Without a slash at its end. */
  readonly url: string;
  readonly apiKey: string;
}

/**
 * The CSV of a question for a range of dates, as Metabase streams it. The export is asked for, as only that passes the row
 * caps of the query API; the range goes into the question's variables `start_date` and `end_date`. Throws QuestionFailed,
 * MetabaseNotAllowed, MetabaseUnavailable.
 */
export async function exportQuestion(
  { url, apiKey }: MetabaseOptions,
  question: string,
  range: DateRange,
): Promise<Readable> {
  for (let failed = 0; ; ) {
    const answer = await fetch(`${url}/api/card/${encodeURIComponent(question)}/query/csv`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": apiKey },
      body: JSON.stringify({ parameters: parametersOf(range), format_rows: false }),
    }).catch((error: Error) => error);
    if (answer instanceof Response && answer.status < 500 && answer.status !== 429)
      return csvOf(answer, question);
    failed += 1;
    const what = answer instanceof Response ? `HTTP ${answer.status}` : answer.message;
    if (failed >= attempts) throw new MetabaseUnavailable(what);
    const headers = answer instanceof Response ? answer.headers : undefined;
    if (answer instanceof Response) await answer.body?.cancel();
    await sleep(retryAfterMs(headers, Date.now()) ?? backoffMs(failed));
  }
}

/** A failed query may be answered with a status of success, and JSON that tells why. */
async function csvOf(answer: Response, question: string): Promise<Readable> {
  if (answer.status === 401 || answer.status === 403) throw new MetabaseNotAllowed(answer.status);
  if (answer.status === 404) throw new QuestionFailed(question, "there is no such question");
  const isCsv = answer.headers.get("content-type")?.startsWith("text/csv") ?? false;
  if (!answer.ok || !isCsv || answer.body === null)
    throw new QuestionFailed(question, await reasonOf(answer));
  return Readable.from(checked(answer.body, question), { objectMode: false });
}

/**
 * The export as it comes. A query that fails on its way is told of in its last line, by JSON where a row would be: the rows
 * before it are not all.
 */
async function* checked(body: AsyncIterable<Uint8Array>, question: string): AsyncGenerator<Uint8Array> {
  let lastLine = Buffer.alloc(0);
  for await (const piece of body) {
    const newline = piece.lastIndexOf(lineFeed);
    if (newline >= 0) lastLine = Buffer.from(piece.subarray(newline + 1));
    else if (lastLine.length === 0 || lastLine[0] === brace) lastLine = Buffer.concat([lastLine, piece]);
    yield piece;
  }
  const reason = lastLine[0] === brace ? errorIn(lastLine.toString()) : undefined;
  if (reason !== undefined) throw new QuestionFailed(question, reason);
}

async function reasonOf(answer: Response): Promise<string> {
  return errorIn(await answer.text()) ?? `HTTP ${answer.status} without a reason`;
}

/** The `error` of a JSON text; undefined where there is none. */
function errorIn(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return typeof error === "string" ? error.slice(0, 300) : undefined;
  } catch {
    return undefined;
  }
}

function parametersOf({ start, end }: DateRange) {
  return Object.entries({ start_date: start, end_date: end }).map(([name, value]) => ({
    type: "date/single",
    target: ["variable", ["template-tag", name]],
    value,
  }));
}
