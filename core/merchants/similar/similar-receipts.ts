import * as z from "zod";
import { jitteredMs } from "../../resilience/backoff.ts";
import type { Clock } from "../../resilience/clock.ts";
import { inParallel } from "../../resilience/in-parallel.ts";
import { type Attempt, retry } from "../../resilience/retry.ts";
import { verdictOfStatus } from "../../resilience/status-verdict.ts";
import { jsonOf } from "../../text/json-of.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";
import type { MerchantFacts } from "../candidate.ts";
import { headerQueries, type KnownRow, type Neighbour, neighboursOf } from "../neighbours.ts";
import type { ReceiptWords } from "../receipt-words.ts";

const hitsPerQuery = 10;
const width = 2;
/** API Gateway's maximum, plus one second. */
const timeoutMs = 30_000;
/** A process that opens its first generation responds with 503 for some seconds. */
const maxAttempts = 5;
const backoff = { firstMs: 500, maxMs: 8_000 };

const text = z.string().optional();
const answer = z.object({
  hits: z.array(
    z.object({
      image_id: z.string(),
      receipt_id: z.number(),
      text: z.string(),
      row: z.object({ text: z.string() }).optional(),
      metadata: z.looseObject({
        merchant_name: text,
        canonical_merchant_name: text,
        merchant_category: text,
        address: text,
        phone_number: text,
        place_id: text,
      }),
    }),
  ),
});
type Hit = z.infer<typeof answer>["hits"][number];

/** The search API of the stack did not respond. */
export class SimilarReceiptsUnavailableError extends VectorkeepError {
  constructor(attempts: number, words: string, options?: ErrorOptions) {
    super(
      `The search API could not be queried for similar receipts in ${attempts} attempts: ${words}.`,
      "The message is redelivered. `npx vectorkeep search` shows whether the search answers.",
      options,
    );
  }
}

export interface SimilarReceiptsOptions {
  /** The URL of the search API, without a trailing slash. */
  readonly url: string;
  readonly apiKey: string;
  /** Epoch milliseconds. */
  readonly giveUpAt: number;
  readonly clock: Clock;
}

/**
 * Finds receipts with a known merchant by a search of the stack over their rows. The search is lexical, so that no text
 * needs an embedding.
 */
export class SimilarReceipts {
  readonly #options: SimilarReceiptsOptions;

  constructor(options: SimilarReceiptsOptions) {
    this.#options = options;
  }

  /** Returns other receipts that share a row with the head of a receipt. Throws SimilarReceiptsUnavailableError. */
  async near(words: ReceiptWords, receipt: string): Promise<Neighbour[]> {
    const rows: KnownRow[] = [];
    await inParallel(headerQueries(words), width, async (query) => {
      const hits = await this.#search(query);
      rows.push(...hits.flatMap(knownRow).filter((row) => row.receipt !== receipt));
    });
    return neighboursOf(rows);
  }

  #search(query: string): Promise<Hit[]> {
    const { giveUpAt, clock } = this.#options;
    return retry(() => this.#attempt(query), {
      maxAttempts,
      giveUpAt,
      backoffMs: (failed) => jitteredMs(backoff, failed),
      clock,
      exhausted: ({ error }, failed) =>
        new SimilarReceiptsUnavailableError(failed, error.message, { cause: error }),
    });
  }

  async #attempt(query: string): Promise<Attempt<Hit[]>> {
    const { url, apiKey, clock } = this.#options;
    const body = JSON.stringify({
      text: query,
      collection: "lines",
      k: hitsPerQuery,
      mode: "lexical",
      understand: false,
      where: { merchant_name: { exists: true } },
    });
    const sent = await fetch(`${url}/search`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": apiKey },
      body,
      signal: AbortSignal.timeout(timeoutMs),
    })
      .then(async (one) => ({
        answered: { status: one.status, headers: one.headers, said: await one.text() },
      }))
      .catch((failure: Error) => ({ failure }));
    if ("failure" in sent) return { kind: "retry", error: sent.failure };
    const { status, headers, said } = sent.answered;
    const parsed = answer.safeParse(status === 200 ? jsonOf(said) : undefined);
    if (parsed.success) return { kind: "done", value: parsed.data.hits };
    const error = new Error(`status ${status}: ${said.slice(0, 200)}`);
    // An unknown format may come from an older release during a deployment, so that a retry can succeed.
    const verdict =
      status === 200 ? { kind: "retry" as const } : verdictOfStatus(status, headers, clock.now());
    if (verdict !== undefined) return { ...verdict, error };
    throw new SimilarReceiptsUnavailableError(1, error.message);
  }
}

function knownRow({ image_id, receipt_id, text: hit, row, metadata }: Hit): KnownRow[] {
  const { merchant_name, canonical_merchant_name, merchant_category, address, phone_number, place_id } =
    metadata;
  if (merchant_name === undefined) return [];
  const facts: MerchantFacts = {
    merchant_name,
    ...(canonical_merchant_name !== undefined && { canonical_merchant_name }),
    ...(merchant_category !== undefined && { merchant_category }),
    ...(address !== undefined && { address }),
    ...(phone_number !== undefined && { phone_number }),
    ...(place_id !== undefined && { place_id }),
  };
  return [{ receipt: `${image_id}/${receipt_id}`, facts, row: row?.text ?? hit }];
}
