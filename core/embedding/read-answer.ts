import { errorIn, statusOf } from "./provider-error.ts";

/** Larger responses contain vectors; parsing them only to look for an error would cost as much as decoding them. */
const maxParsedTwice = 64 * 1024;

/**
 * A fetch for the clients of OpenAI and Anthropic that reads the whole response, so that a truncated or stalled body fails like a
 * connection. It normalizes every error to the layout and status that they expect: errors in lists, errors with
 * status 2xx, success without a body.
 */
export const fetchWhole: typeof fetch = async (input, init) => {
  const answer = await fetch(input, init);
  const text = await answer.text();
  const fault = answer.ok ? faultIn(text) : { status: answer.status, ...described(text) };
  const headers = new Headers({ "content-type": "application/json" });
  for (const name of ["retry-after", "retry-after-ms", "x-request-id", "request-id"]) {
    const value = answer.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  if (fault === undefined) return new Response(text, { status: 200, headers });
  const { status, ...error } = fault;
  return new Response(JSON.stringify({ error }), { status, headers });
};

interface Described {
  readonly message: string;
  readonly code: string | null;
  readonly param: string | null;
}

/** The fault in a body with status 2xx; undefined if it may contain vectors. */
function faultIn(text: string): (Described & { readonly status: number }) | undefined {
  if (text.length > maxParsedTwice && text.trimEnd().endsWith("}")) return undefined;
  const body = parsed(text);
  if (body === undefined) {
    const what = text.trim() === "" ? "an empty body" : `a body that is not JSON: ${text.slice(0, 100)}`;
    return { status: 502, message: `it returned 200 with ${what}`, code: null, param: null };
  }
  const error = hasVectors(body) ? undefined : errorIn(body);
  return error && { status: statusOf(body, error), ...described(text) };
}

/** Some providers send `error: null` or a message together with the vectors. */
function hasVectors(body: unknown): boolean {
  const { data, error } = Object(body) as Record<string, unknown>;
  return Array.isArray(data) && data.length > 0 && !error;
}

function described(text: string): Described {
  const error = errorIn(parsed(text));
  return {
    message: error?.message ?? (text.trim() || "without a reason"),
    code: error?.code ?? null,
    param: error?.param ?? null,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
