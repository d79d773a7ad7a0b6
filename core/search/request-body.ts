import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type * as z from "zod";
import { HttpError } from "./http-error.ts";

/** Enough for a vector of 3,072 numbers with all digits, and a filter. */
export const maxBodyBytes = 128 * 1024;

const maxProblems = 20;
const maxProblem = 300;

/** Reads and checks a JSON body. Throws an HttpError: 413 beyond the limit, 400 with all problems at once. */
export async function readBody<S extends z.ZodType>(
  request: IncomingMessage,
  schema: S,
): Promise<z.infer<S>> {
  return checkedBody(json(await bytes(request)), schema);
}

/** Checks the query parameters. Throws an HttpError 400 with all problems at once. */
export function readQuery<S extends z.ZodType>(request: IncomingMessage, schema: S): z.infer<S> {
  const { searchParams } = new URL(request.url ?? "/", "http://localhost");
  return checkedQuery(Object.fromEntries(searchParams), schema);
}

export function checkedQuery<S extends z.ZodType>(
  parameters: Readonly<Record<string, string>>,
  schema: S,
): z.infer<S> {
  return checked(schema, parameters, "The query parameters are invalid.");
}

/** Parses a JSON body without checking it against a schema. */
export function jsonBody(body: Buffer): unknown {
  if (body.length > maxBodyBytes) throw tooLarge();
  return json(body);
}

export function checkedBody<S extends z.ZodType>(body: unknown, schema: S): z.infer<S> {
  return checked(schema, body, "The request body is invalid.");
}

function checked<S extends z.ZodType>(schema: S, input: unknown, what: string): z.infer<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new HttpError(400, "invalid_request", what, {
    problems: shortened(
      parsed.error.issues.map(({ path, message }) =>
        path.length === 0 ? message : `${path.join(".")}: ${message}`,
      ),
    ),
  });
}

/** Limits the response: a vector of strings has one problem per element, and a key may be as long as a body (F32). */
function shortened(problems: readonly string[]): string[] {
  const shown = problems
    .slice(0, maxProblems)
    .map((problem) => (problem.length > maxProblem ? `${problem.slice(0, maxProblem)}...` : problem));
  const more = problems.length - shown.length;
  return more > 0 ? [...shown, `and ${more} more`] : shown;
}

async function bytes(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers["content-length"] ?? 0) > maxBodyBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > maxBodyBytes) throw tooLarge();
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function tooLarge(): HttpError {
  return new HttpError(413, "too_large", `The request body may have ${maxBodyBytes} bytes at most.`, {
    headers: { connection: "close" },
  });
}

/** Ignores a byte order mark. */
function json(body: Buffer): unknown {
  if (!isUtf8(body)) throw new HttpError(400, "invalid_json", "The request body is not UTF-8.");
  try {
    return JSON.parse(body.toString("utf8").replace(/^\uFEFF/, ""));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HttpError(400, "invalid_json", `The request body is not JSON: ${reason.slice(0, maxProblem)}.`);
  }
}
