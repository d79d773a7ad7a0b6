import * as z from "zod";
import { errorIn, safeWords } from "../../embedding/provider-error.ts";
import { jitteredMs } from "../../resilience/backoff.ts";
import type { Clock } from "../../resilience/clock.ts";
import type { RateLimiter } from "../../resilience/rate-limiter.ts";
import { type Attempt, retry } from "../../resilience/retry.ts";
import { verdictOfStatus } from "../../resilience/status-verdict.ts";
import { jsonOf } from "../../text/json-of.ts";
import type { MerchantFacts } from "../candidate.ts";
import { PlacesNotAllowedError, PlacesThrottledError, PlacesUnavailableError } from "./places-errors.ts";

const maxAttempts = 4;
const backoff = { firstMs: 500, maxMs: 8_000 };
const maxRequestMs = 10_000;
/** A response with these fields has a few hundred bytes. */
const maxAnswerBytes = 256 * 1024;
const throttledSeconds = 60;

/** A search for ids alone is free. The price of details depends on the most expensive field. */
const searchFields = "places.id";
const detailFields =
  "id,displayName,formattedAddress,nationalPhoneNumber,internationalPhoneNumber,websiteUri,primaryTypeDisplayName";

const localized = z.object({ text: z.string().min(1) });
const searchAnswer = z.object({ places: z.array(z.object({ id: z.string().min(1) })).default([]) });
const placeAnswer = z.object({
  id: z.string().min(1),
  displayName: localized,
  formattedAddress: z.string().optional(),
  nationalPhoneNumber: z.string().optional(),
  internationalPhoneNumber: z.string().optional(),
  websiteUri: z.string().optional(),
  primaryTypeDisplayName: localized.optional(),
});

export interface PlacesClientOptions {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly limiter: RateLimiter;
  /** Epoch milliseconds. */
  readonly giveUpAt: number;
  readonly clock: Clock;
}

/**
 * A client for Google's Places API (New) with the shared rate limit and retries. Throws the errors of places-errors.ts.
 */
export class PlacesClient {
  readonly #options: PlacesClientOptions;

  constructor(options: PlacesClientOptions) {
    this.#options = options;
  }

  /** Returns the ids of the places that match a text, best first. */
  async search(textQuery: string, pageSize: number): Promise<string[]> {
    const body = JSON.stringify({ textQuery, pageSize });
    const answer = await this.#ask("/v1/places:searchText", searchFields, searchAnswer, body);
    return answer?.places.map(({ id }) => id) ?? [];
  }

  /** Returns undefined for a place that no longer exists. */
  async details(id: string): Promise<MerchantFacts | undefined> {
    const place = await this.#ask(`/v1/places/${encodeURIComponent(id)}`, detailFields, placeAnswer);
    if (place === undefined) return undefined;
    const phone = place.internationalPhoneNumber ?? place.nationalPhoneNumber;
    return {
      merchant_name: place.displayName.text,
      place_id: place.id,
      ...(place.formattedAddress !== undefined && { address: place.formattedAddress }),
      ...(phone !== undefined && { phone_number: phone }),
      ...(place.websiteUri !== undefined && { website: place.websiteUri }),
      ...(place.primaryTypeDisplayName && { merchant_category: place.primaryTypeDisplayName.text }),
    };
  }

  #ask<Answer>(
    path: string,
    fields: string,
    schema: z.ZodType<Answer>,
    body?: string,
  ): Promise<Answer | undefined> {
    const { giveUpAt, clock } = this.#options;
    return retry(() => this.#attempt(path, fields, schema, body), {
      maxAttempts,
      giveUpAt,
      backoffMs: (failed) => jitteredMs(backoff, failed),
      clock,
      exhausted: ({ kind, delayMs, error }, failed) =>
        kind === "defer"
          ? new PlacesThrottledError(seconds(delayMs), { cause: error })
          : new PlacesUnavailableError(failed, this.#words(error.message), { cause: error }),
    });
  }

  async #attempt<Answer>(
    path: string,
    fields: string,
    schema: z.ZodType<Answer>,
    body: string | undefined,
  ): Promise<Attempt<Answer | undefined>> {
    const { limiter, giveUpAt, clock } = this.#options;
    const wait = await limiter.book(1, giveUpAt - clock.now());
    if (wait === undefined) throw new PlacesThrottledError(throttledSeconds);
    if (wait > 0) await clock.sleep(wait);
    const sent = await this.#send(path, fields, body).then(
      (answered) => ({ answered }),
      (failure: Error) => ({ failure }),
    );
    if ("failure" in sent) return { kind: "retry", error: sent.failure };
    const { status, headers, text } = sent.answered;
    if (status === 404) return { kind: "done", value: undefined };
    if (status === 200) {
      const parsed = schema.safeParse(jsonOf(text));
      if (parsed.success) return { kind: "done", value: parsed.data };
      return { kind: "retry", error: new Error(`a response in an unknown format: ${text.slice(0, 100)}`) };
    }
    const error = new Error(`status ${status}: ${errorIn(jsonOf(text))?.message ?? "without a reason"}`);
    const verdict = verdictOfStatus(status, headers, clock.now());
    if (verdict !== undefined) return { ...verdict, error };
    throw new PlacesNotAllowedError(status, this.#words(error.message));
  }

  async #send(path: string, fields: string, body: string | undefined) {
    const { baseUrl, apiKey, giveUpAt, clock } = this.#options;
    const answer = await fetch(`${baseUrl}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        "x-goog-api-key": apiKey,
        "x-goog-fieldmask": fields,
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body }),
      signal: AbortSignal.timeout(Math.max(1, Math.min(maxRequestMs, giveUpAt - clock.now()))),
    });
    return { status: answer.status, headers: answer.headers, text: await boundedText(answer) };
  }

  #words(message: string): string {
    return safeWords(message, this.#options.apiKey);
  }
}

async function boundedText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw new RangeError(`an answer of more than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function seconds(ms: number | undefined): number {
  return Math.max(1, Math.ceil((ms ?? throttledSeconds * 1_000) / 1_000));
}
