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
import { BatchRefusedError } from "../batch/batch-errors.ts";
import type { BatchLane } from "../batch/choose-lane.ts";
import { IndexNotAllowedError, IndexOfAnotherDimensionError } from "../index/index-errors.ts";
import {
  ModelMissingError,
  NamespaceOfAnotherModelError,
  NamespaceOfUnknownModelError,
} from "../namespaces/namespace-errors.ts";
import { checkModel, type NamespaceDeps } from "../namespaces/require-model.ts";
import type { ProcessRequest } from "../requests/process-request.ts";
import { MetabaseMissingError } from "../sources/make-plan.ts";
import { MetabaseNotAllowedError, type MetabaseOptions, QuestionFailedError } from "../sources/metabase.ts";
import { type PreflightProblem, QuestionUnsupportedError } from "./preflight-errors.ts";
import { checkQuestion } from "./question-check.ts";

export interface PreflightDeps extends NamespaceDeps {
  embedderOf(model: string | undefined): Promise<Embedder>;
  readonly metabase: MetabaseOptions | undefined;
  readonly batches?: BatchLane | undefined;
  readonly log: Log;
}

/** Permanent errors, which would fail the task in every attempt. All others may be transient. */
const certain = [
  BatchRefusedError,
  EmbeddingAnswerInvalidError,
  EmbeddingNotAllowedError,
  EmbeddingRefusedError,
  IndexNotAllowedError,
  IndexOfAnotherDimensionError,
  MetabaseMissingError,
  MetabaseNotAllowedError,
  ModelMissingError,
  NamespaceOfAnotherModelError,
  NamespaceOfUnknownModelError,
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
      embedding: async () => void (await (await deps.embedderOf(request.model)).embed(["receipt"])),
      index: async () => checkModel(request.namespace, await deps.embedderOf(request.model), deps),
    }),
    ...(request.lane === "batch" && !request.dry_run && deps.batches && { batch: deps.batches.check }),
    ...(request.data_source === "metabase" && { source: () => checkQuestion(request, deps.metabase) }),
  };
  const found = await Promise.all(
    Object.entries(checks).map(([check, run]) => problemOf(check, run, deps.log)),
  );
  return found.flatMap((problem) => problem ?? []);
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
