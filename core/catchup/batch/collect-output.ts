import * as z from "zod";
import type { VectorBytes } from "../../embedding/embedder.ts";
import { VectorsUnusableError, VectorUnusableError } from "../../embedding/embedding-errors.ts";
import { type Base64Answer, vectorsIn } from "../../embedding/vectors-in-answer.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";
import { addVectors, type DigestedVector, type VectorSpace } from "../chunks/stored-vectors.ts";
import { keysOf } from "../sources/keys.ts";
import type { ObjectStore } from "../sources/object-store.ts";
import { digestsOf, type Manifest, spaceOf } from "./manifest.ts";
import { linesIn } from "./output-lines.ts";

/** Of a line besides its vectors. */
const maxLineOverhead = 64 * 1024;
/** Of a vector in a line: its braces, keys and index. */
const maxVectorOverhead = 128;

const outputLine = z.object({
  custom_id: z.string(),
  response: z.object({
    status_code: z.literal(200),
    // The vectors are checked as any answer of the provider (vectorsIn).
    body: z.custom<Base64Answer>((body) => typeof body === "object" && body !== null),
  }),
});

/** What a batch has paid for and is stored now. */
export interface Collected {
  readonly inputs: number;
  readonly tokens: number;
  /** Lines whose vectors cannot be used, or only in part. */
  readonly unusableLines: number;
}

/**
 * Stores the vectors in a batch's output where their chunks look for vectors that are paid, one line at a time. What is
 * missing, failed or invalid is left to the chunks. Idempotent, so that a process that died is followed by another.
 */
export async function collectOutput(
  taskId: string,
  output: AsyncIterable<Uint8Array>,
  manifest: Manifest,
  work: ObjectStore,
): Promise<Collected> {
  const left = new Map(manifest.requests.map((request) => [request.custom_id, request]));
  const space = spaceOf(manifest);
  let inputs = 0;
  let tokens = 0;
  let unusableLines = 0;
  for await (const text of linesIn(output, maxLineBytes(manifest))) {
    const line = parse(text);
    const request = line && left.get(line.custom_id);
    if (!line || !request) {
      unusableLines += 1;
      continue;
    }
    left.delete(request.custom_id);
    const digests = digestsOf(request);
    const vectors = usableVectors(line.response.body, digests, space);
    if (vectors.length < digests.length) unusableLines += 1;
    await store(keysOf(taskId).vectors(request.chunk), vectors, space, work);
    inputs += vectors.length;
    tokens += Math.round((request.tokens * vectors.length) / digests.length);
  }
  return { inputs, tokens, unusableLines };
}

function maxLineBytes(manifest: Manifest): number {
  const perVector = Math.ceil((manifest.dimensions * 4 * 4) / 3) + maxVectorOverhead;
  const most = Math.max(0, ...manifest.requests.map((request) => digestsOf(request).length));
  return most * perVector + maxLineOverhead;
}

function parse(text: string | undefined): z.infer<typeof outputLine> | undefined {
  if (text === undefined) return undefined;
  try {
    return outputLine.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function usableVectors(
  answer: Base64Answer,
  digests: readonly Uint8Array[],
  space: VectorSpace,
): DigestedVector[] {
  return vectorsOrNone(answer, digests.length, space).flatMap((vector, position) => {
    const digest = digests[position];
    return digest === undefined || vector instanceof VectorUnusableError ? [] : [[digest, vector] as const];
  });
}

function vectorsOrNone(
  answer: Base64Answer,
  count: number,
  space: VectorSpace,
): readonly (VectorBytes | VectorUnusableError)[] {
  try {
    return vectorsIn(answer, count, space);
  } catch (error) {
    if (error instanceof VectorsUnusableError) return error.answers;
    if (error instanceof VectorkeepError) return [];
    throw error;
  }
}

async function store(
  key: string,
  vectors: readonly DigestedVector[],
  space: VectorSpace,
  work: ObjectStore,
): Promise<void> {
  if (vectors.length === 0) return;
  const file = addVectors(await work.read(key), vectors, space);
  if (file !== undefined) await work.write(key, file, "application/octet-stream");
}
