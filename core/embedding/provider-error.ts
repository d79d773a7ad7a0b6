import * as z from "zod";

const maxWords = 300;

/** A provider's error, from any known layout. */
export interface ProviderError {
  readonly message: string;
  readonly code: string | undefined;
  readonly param: string | undefined;
}

const text = z.string().min(1);
const name = z.union([text, z.number()]).transform(String).nullish().catch(undefined);
const said = z.union([
  text.transform((message) => ({ message })),
  z.looseObject({ message: text, code: name, status: name, type: name, param: name }),
  z
    .looseObject({ msg: text, code: name, status: name })
    .transform(({ msg, ...rest }) => ({ ...rest, message: msg })),
]);

/**
 * The error in a response body: `{"error": {...}}`, `{"error": "..."}`, `{"errors": [...]}`, `{"detail": "..."}`,
 * `{"message": "..."}`, or any of them in a list. Undefined if there is no error.
 */
export function errorIn(body: unknown): ProviderError | undefined {
  if (Array.isArray(body)) return errorIn(body[0]);
  if (typeof body !== "object" || body === null) return undefined;
  const { error, errors, detail, message } = body as Record<string, unknown>;
  const first = [error, Array.isArray(errors) ? errors[0] : errors, detail, message && body].find(Boolean);
  return first === undefined ? undefined : describe(first);
}

function describe(error: unknown): ProviderError {
  const parsed = said.safeParse(error);
  if (!parsed.success) return { message: JSON.stringify(error), code: undefined, param: undefined };
  const { message, code, status, type, param }: z.infer<typeof said> & Partial<Record<string, unknown>> =
    parsed.data;
  const names = [code, status, type].filter((one) => typeof one === "string");
  // A number repeats the HTTP status; a name is more specific.
  const named = names.find((one) => !/^\d+$/.test(one)) ?? names[0];
  return { message, code: named, param: typeof param === "string" ? param : undefined };
}

/** The HTTP status of an error that came with status 2xx. 503 if unknown, so that it is retried. */
export function statusOf(body: unknown, { code: name = "" }: ProviderError): number {
  const numbers = JSON.stringify(body).match(/"(?:code|status|status_code)"\s*:\s*"?([45]\d\d)"?\s*[,}]/);
  if (numbers?.[1] !== undefined) return Number(numbers[1]);
  if (/rate_?limit|too_?many|exhausted|insufficient_quota/i.test(name)) return 429;
  if (/api_?key|unauthenticated|unauthorized|authentication|permission/i.test(name)) return 401;
  return /invalid/i.test(name) ? 400 : 503;
}

/** A provider's message, safe to log: truncated, and without anything that looks like a key (F24). */
export function safeWords(message: string, apiKey: string): string {
  const withoutKey = apiKey === "" ? message : message.replaceAll(apiKey, "***");
  return withoutKey
    .replace(/\b(?:sk|pk|hf|gsk|pcsk|mb|pa|AIza)[-_]?[\w*-]{6,}/g, "***")
    .replace(/[\w-]*\*{3,}[\w*-]*/g, "***")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, maxWords);
}
