import { setTimeout as sleep } from "node:timers/promises";
import { errorIn, statusOf } from "../../embedding/provider-error.ts";
import { backoffMs, retryAfterMs } from "../../embedding/retry.ts";
import { IndexThrottledError } from "./index-errors.ts";

const connectionAttempts = 5;
const deferMs = 1_000;
/** An error that comes with a status of success is small; a page of vectors is not. */
const maxErrorLength = 16 * 1024;

/**
 * A fetch for Pinecone's client, which retries 5xx by itself. This one waits where it is asked to (429, which is no
 * attempt), until `giveUpAt` (epoch ms), and tries again where there was no connection. Throws IndexThrottledError.
 */
export function fetchWithRetry(giveUpAt: () => number): typeof fetch {
  return async (input, init) => {
    for (let failed = 0; ; ) {
      let waitMs: number;
      try {
        const answer = await fetch(input, init);
        if (answer.status !== 429) return answer.ok ? await withoutError(answer) : asRefusal(answer);
        waitMs = retryAfterMs(answer.headers, Date.now()) ?? deferMs;
        await answer.body?.cancel();
        if (Date.now() + waitMs >= giveUpAt()) throw new IndexThrottledError();
      } catch (error) {
        if (error instanceof IndexThrottledError) throw error;
        failed += 1;
        waitMs = backoffMs(failed);
        if (failed >= connectionAttempts || Date.now() + waitMs >= giveUpAt()) throw error;
      }
      await sleep(waitMs);
    }
  };
}

/** The client takes 403 for a fault of the vectors; it is one of the key, as 401 is. */
function asRefusal(answer: Response): Response {
  return answer.status === 403 ? new Response(answer.body, { status: 401, headers: answer.headers }) : answer;
}

/** A success without a body, or with an error in it, is none: the vectors of such an upsert are not in the index. */
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
