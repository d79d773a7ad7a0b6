import { setTimeout as sleep } from "node:timers/promises";
import type { Embedder } from "../../embedding/embedder.ts";
import {
  EmbeddingAnswerInvalidError,
  EmbeddingNotAllowedError,
  EmbeddingRefusedError,
  VectorsUnusableError,
  WrongDimensionsError,
} from "../../embedding/embedding-errors.ts";
import { errorFields, type Log } from "../../log.ts";
import { IndexNotAllowedError, IndexOfAnotherDimensionError } from "../index/index-errors.ts";
import type { VectorSink } from "../index/vector-sink.ts";
import type { ProcessRequest } from "../requests/process-request.ts";
import { MetabaseMissingError } from "../sources/make-plan.ts";
import { MetabaseNotAllowedError, type MetabaseOptions, QuestionFailedError } from "../sources/metabase.ts";
import { type PreflightProblem, QuestionUnsupportedError } from "./preflight-errors.ts";
import { checkQuestion } from "./question-check.ts";

export interface PreflightDeps {
  readonly embedder: Embedder;
  readonly index: VectorSink;
  readonly metabase: MetabaseOptions | undefined;
  readonly log: Log;
}

/** Permanent errors, which would fail the task in every attempt. All others may be transient. */
const certain = [
  EmbeddingAnswerInvalidError,
  EmbeddingNotAllowedError,
  EmbeddingRefusedError,
  IndexNotAllowedError,
  IndexOfAnotherDimensionError,
  MetabaseMissingError,
  MetabaseNotAllowedError,
  QuestionFailedError,
  QuestionUnsupportedError,
  VectorsUnusableError,
  WrongDimensionsError,
];

const maxMs = 10_000;

/**
 * Checks all dependencies of a task, including one small embedding request, and returns the problems that would make it
 * fail (F35). A check that times out is not a problem, because the task retries for longer than a caller waits. A dry
 * run checks only its source.
 */
export async function preflight(request: ProcessRequest, deps: PreflightDeps): Promise<PreflightProblem[]> {
  const checks: Record<string, () => Promise<void>> = {
    ...(!request.dry_run && {
      embedding: async () => void (await deps.embedder.embed(["receipt"])),
      index: () => checkIndex(request.namespace, deps),
    }),
    ...(request.data_source === "metabase" && { source: () => checkQuestion(request, deps.metabase) }),
  };
  const found = await Promise.all(
    Object.entries(checks).map(([check, run]) => problemOf(check, run, deps.log)),
  );
  return found.flatMap((problem) => problem ?? []);
}

async function checkIndex(namespace: string, { index, embedder }: PreflightDeps): Promise<void> {
  const { dimension: held } = await index.describe(namespace);
  if (held !== undefined && held !== embedder.dimensions) {
    throw new IndexOfAnotherDimensionError(index.sink, held, embedder.dimensions);
  }
}

async function problemOf(
  check: string,
  run: () => Promise<void>,
  log: Log,
): Promise<PreflightProblem | undefined> {
  const inTime = new AbortController();
  const tooLate = sleep(maxMs, new Error("it took too long"), { signal: inTime.signal, ref: false });
  const failure = await Promise.race([run().catch((error: Error) => error), tooLate]);
  inTime.abort();
  tooLate.catch(() => undefined);
  if (!(failure instanceof Error)) return undefined;
  if (certain.some((kind) => failure instanceof kind)) return { check, problem: failure.message };
  log.warn("A preflight check could not be made", { check, ...errorFields(failure) });
  return undefined;
}
