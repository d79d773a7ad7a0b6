import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import * as z from "zod";

/** OpenAI's limits of a batch of embeddings. */
const maxInputs = 50_000;
const maxRequests = 50_000;

const line = z.object({
  custom_id: z.string().min(1),
  method: z.literal("POST"),
  url: z.literal("/v1/embeddings"),
  body: z.looseObject({ input: z.union([z.string(), z.array(z.string())]) }),
});

export type BatchLine = z.infer<typeof line>;

/** Why a batch fails before any of its requests is processed. */
export interface BatchProblem {
  readonly code: string;
  readonly message: string;
  readonly line: number | null;
  readonly param: string | null;
}

/** The requests of a batch's input file, or what is wrong with it. */
export async function readLines(content: Readable): Promise<BatchLine[] | BatchProblem> {
  const lines: BatchLine[] = [];
  const ids = new Set<string>();
  let inputs = 0;
  for await (const text of createInterface({ input: content, crlfDelay: Number.POSITIVE_INFINITY })) {
    const at = lines.length + 1;
    const parsed = line.safeParse(parseJson(text));
    if (!parsed.success) return problem("invalid_json_line", "The line is not a request.", at);
    const { custom_id, body } = parsed.data;
    if (ids.has(custom_id)) return problem("duplicate_custom_id", `${custom_id} occurs twice.`, at);
    ids.add(custom_id);
    inputs += typeof body.input === "string" ? 1 : body.input.length;
    lines.push(parsed.data);
  }
  if (lines.length === 0) return problem("empty_file", "The file has no requests.", null);
  if (lines.length > maxRequests || inputs > maxInputs) {
    return problem("too_many_inputs", `A batch has at most ${maxInputs} inputs.`, null);
  }
  return lines;
}

function problem(code: string, message: string, at: number | null): BatchProblem {
  return { code, message, line: at, param: null };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
