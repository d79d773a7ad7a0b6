/** Headers of a response, in lower case. */
type Headers = Readonly<Record<string, string>>;

const methods = "GET, POST";
const requestHeaders =
  "authorization, content-type, idempotency-key, x-amz-content-sha256, x-amz-date, x-amz-security-token, x-api-key";
/** The maximum time for which browsers cache a preflight. */
const keptSeconds = 7200;

/** The headers that let a page of an allowed origin read the response. */
export function crossOriginHeaders(origin: string | undefined, allowed: readonly string[]): Headers {
  if (allowed.length === 0) return {};
  // Sent to other callers too, because a cache could otherwise serve their response to a page.
  const vary = { vary: "origin" };
  if (origin === undefined || !allowed.includes(origin)) return vary;
  return {
    ...vary,
    "access-control-allow-origin": origin,
    "access-control-expose-headers": "x-amzn-requestid, x-amzn-errortype",
  };
}

/** The response to a CORS preflight from this origin. */
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
