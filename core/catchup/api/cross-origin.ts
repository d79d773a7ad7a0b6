/** Headers of an answer, in lower case. */
type Headers = Readonly<Record<string, string>>;

const methods = "GET, POST";
const requestHeaders =
  "authorization, content-type, idempotency-key, x-amz-content-sha256, x-amz-date, x-amz-security-token, x-api-key";
/** The most that browsers keep the answer of a preflight. */
const keptSeconds = 7200;

/** What lets a page of one of the allowed origins read the answer; nothing for any other caller. */
export function crossOriginHeaders(origin: string | undefined, allowed: readonly string[]): Headers {
  if (allowed.length === 0) return {};
  // Also of other callers, or a cache would give their answer to a page.
  const vary = { vary: "origin" };
  if (origin === undefined || !allowed.includes(origin)) return vary;
  return {
    ...vary,
    "access-control-allow-origin": origin,
    "access-control-expose-headers": "x-amzn-requestid, x-amzn-errortype",
  };
}

/** What a browser is told that asks, before it calls, whether a page of this origin may. */
export function preflightHeaders(origin: string | undefined, allowed: readonly string[]): Headers {
  const headers = crossOriginHeaders(origin, allowed);
  if (!("access-control-allow-origin" in headers)) return headers;
  return {
    ...headers,
    "access-control-allow-methods": methods,
    "access-control-allow-headers": requestHeaders,
    "access-control-max-age": String(keptSeconds),
  };
}
