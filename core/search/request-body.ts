import type { IncomingMessage } from "node:http";
import type { z } from "zod";
import { HttpProblem } from "./http-problem.ts";

/** Room for a vector of 3,072 numbers in full digits, with its filter. */
export const largestBodyBytes = 128 * 1024;

/** Reads and checks a JSON body: 413 beyond the limit, 400 with every problem at once. */
export async function readBody<S extends z.ZodType>(
  request: IncomingMessage,
  schema: S,
): Promise<z.infer<S>> {
  const parsed = schema.safeParse(json(await bytes(request)));
  if (parsed.success) return parsed.data;
  throw new HttpProblem(400, "invalid_request", "The request body does not fit.", {
    problems: parsed.error.issues.map(({ path, message }) =>
      path.length === 0 ? message : `${path.join(".")}: ${message}`,
    ),
  });
}

async function bytes(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers["content-length"] ?? 0) > largestBodyBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > largestBodyBytes) throw tooLarge();
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function tooLarge(): HttpProblem {
  return new HttpProblem(413, "too_large", `The request body may have ${largestBodyBytes} bytes at most.`, {
    headers: { connection: "close" },
  });
}

function json(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HttpProblem(400, "invalid_json", `The request body is not JSON: ${reason}.`);
  }
}
