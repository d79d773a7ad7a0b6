import { z } from "zod";

const maxWords = 300;

/** What a provider says of an error, in whichever layout. */
export interface ProviderError {
  readonly message: string;
  readonly code: string | undefined;
  readonly param: string | undefined;
}

const text = z.string().min(1);
const code = z.union([text, z.number()]).transform(String);
const words = z.union([
  text.transform((message) => ({ message })),
  z.looseObject({
    message: text,
    code: code.nullish(),
    status: code.nullish(),
    type: text.nullish(),
    param: text.nullish(),
  }),
]);

/** `{"error": {...}}`, `{"error": "..."}`, `{"message": "..."}`, `{"detail": "..."}`, and any of them in a list. */
export function errorIn(body: unknown): ProviderError | undefined {
  if (Array.isArray(body)) return body.length === 0 ? undefined : errorIn(body[0]);
  if (typeof body !== "object" || body === null) return undefined;
  const { error, errors, detail, message } = body as Record<string, unknown>;
  const said =
    error ??
    (Array.isArray(errors) ? errors[0] : errors) ??
    detail ??
    (message === undefined ? undefined : body);
  if (said === undefined || said === null) return undefined;
  const parsed = words.safeParse(said);
  if (!parsed.success) return { message: JSON.stringify(said), code: undefined, param: undefined };
  const { message: what, ...rest } = parsed.data as z.infer<typeof words> &
    Partial<Record<string, string | null>>;
  const named = [rest.code, rest.status, rest.type].filter((one) => typeof one === "string");
  return {
    message: what,
    // A number repeats the HTTP status; a name says more.
    code: named.find((name) => !/^\d+$/.test(name)) ?? named[0],
    param: rest.param ?? undefined,
  };
}

/** The HTTP status that an error means which came with a status of success. 503 where nothing tells: it is tried again. */
export function statusOf(body: unknown, { code: name = "" }: ProviderError): number {
  const numbers = JSON.stringify(body).match(/"(?:code|status|status_code)"\s*:\s*"?([45]\d\d)"?\s*[,}]/);
  if (numbers?.[1] !== undefined) return Number(numbers[1]);
  if (/rate_?limit|too_?many|exhausted|insufficient_quota/i.test(name)) return 429;
  if (/api_?key|unauthenticated|unauthorized|authentication|permission/i.test(name)) return 401;
  return /invalid/i.test(name) ? 400 : 503;
}

/** A provider's words as they may be logged and shown: cut, and without what looks like a key (F24). */
export function safeWords(message: string, apiKey: string): string {
  const withoutKey = apiKey === "" ? message : message.replaceAll(apiKey, "***");
  return withoutKey
    .replace(/\b(?:sk|pk|hf|gsk|pcsk|mb|pa|AIza)[-_]?[\w*-]{6,}/g, "***")
    .replace(/[\w-]*\*{3,}[\w*-]*/g, "***")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, maxWords);
}
