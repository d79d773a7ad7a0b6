import type { Sink } from "../../../contract/catch-up-sinks.ts";
import { errorIn, statusOf } from "../../embedding/provider-error.ts";
import { jitteredMs } from "../../resilience/backoff.ts";
import { type Clock, systemClock } from "../../resilience/clock.ts";
import { type Attempt, retry } from "../../resilience/retry.ts";
import { verdictOfStatus } from "../../resilience/status-verdict.ts";
import { IndexThrottledError } from "./index-errors.ts";

const maxAttempts = 5;
const backoff = { firstMs: 250, maxMs: 8_000 };
/** An error with status 2xx is small, unlike a page of vectors. */
const maxErrorLength = 16 * 1024;
const maxErrorWords = 300;

export interface FetchOptions {
  /** Whether 5xx is retried too. Some clients retry it themselves. @default false */
  readonly retriesServerErrors?: boolean;
  /** @default the system's */
  readonly clock?: Clock;
}

/**
 * A fetch for a sink. It defers on 429, which does not count as an attempt, and retries a failed connection, until
 * `giveUpAt` (epoch ms). Throws IndexThrottledError.
 */
export function fetchWithRetry(
  sink: Sink,
  giveUpAt: () => number,
  { retriesServerErrors = false, clock = systemClock }: FetchOptions = {},
): typeof fetch {
  const withServerErrors = async (...request: Parameters<typeof attempt>): ReturnType<typeof attempt> => {
    const outcome = await attempt(...request);
    if (!retriesServerErrors || outcome.kind !== "done" || outcome.value.status < 500) return outcome;
    const text = await outcome.value.text();
    return {
      kind: "retry",
      error: new Error(`HTTP ${outcome.value.status}: ${text.slice(0, maxErrorWords)}`),
    };
  };
  return (input, init) =>
    retry(() => withServerErrors(sink, input, init, clock), {
      maxAttempts,
      giveUpAt: giveUpAt(),
      backoffMs: (failed) => jitteredMs(backoff, failed),
      clock,
      exhausted: ({ error }) => error,
    });
}

async function attempt(
  sink: Sink,
  input: Parameters<typeof fetch>[0],
  init: Parameters<typeof fetch>[1],
  clock: Clock,
): Promise<Attempt<Response>> {
  try {
    const answer = await fetch(input, init);
    const verdict = verdictOfStatus(answer.status, answer.headers, clock.now());
    if (verdict?.kind !== "defer") {
      return { kind: "done", value: answer.ok ? await withoutError(answer) : asRefusal(answer) };
    }
    await answer.body?.cancel();
    return { ...verdict, error: new IndexThrottledError(sink) };
  } catch (error) {
    // The connection failed, or was lost while the body was read.
    return { kind: "retry", error: error as Error };
  }
}

/** Pinecone's client treats 403 as an error of the vectors; it is an error of the key, like 401. */
function asRefusal(answer: Response): Response {
  return answer.status === 403 ? new Response(answer.body, { status: 401, headers: answer.headers }) : answer;
}

/**
 * A 2xx response without a body, or with an error in it, is a failure: the vectors of such an upsert are not in the
 * index.
 */
async function withoutError(answer: Response): Promise<Response> {
  const text = await answer.text();
  const body = text.length > maxErrorLength ? undefined : parsed(text);
  const error = errorIn(body);
  const { headers } = answer;
  if (error !== undefined) return asRefusal(new Response(text, { status: statusOf(body, error), headers }));
  return new Response(text === "" ? "an empty body" : text, {
    status: text === "" ? 502 : answer.status,
    headers,
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
