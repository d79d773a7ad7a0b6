import { setTimeout as sleep } from "node:timers/promises";
import type { Embedder } from "../../embedding/embedder.ts";
import {
  EmbeddingAnswerInvalid,
  EmbeddingNotAllowed,
  EmbeddingRefused,
  VectorsUnusableError,
  WrongDimensions,
} from "../../embedding/embedding-failures.ts";
import type { Log } from "../../log.ts";
import { IndexNotAllowed, IndexOfAnotherDimensionError } from "../index/index-failures.ts";
import type { VectorIndex } from "../index/vector-index.ts";
import type { ProcessRequest } from "../requests/process-request.ts";
import { MetabaseMissing } from "../sources/make-plan.ts";
import { MetabaseNotAllowed, type MetabaseOptions, QuestionFailed } from "../sources/metabase.ts";
import { type PreflightProblem, QuestionUnfitError } from "./preflight-failures.ts";
import { checkQuestion } from "./question-check.ts";

export interface PreflightServices {
  readonly embedder: Embedder;
  readonly index: VectorIndex;
  readonly metabase: MetabaseOptions | undefined;
  readonly log: Log;
}

/** Failures that the task itself would meet in each of its attempts. All others may pass by themselves. */
const certain = [
  EmbeddingAnswerInvalid,
  EmbeddingNotAllowed,
  EmbeddingRefused,
  IndexNotAllowed,
  IndexOfAnotherDimensionError,
  MetabaseMissing,
  MetabaseNotAllowed,
  QuestionFailed,
  QuestionUnfitError,
  VectorsUnusableError,
  WrongDimensions,
];

const maxMs = 10_000;

/**
 * Looks at all that a task needs, with one tiny embedding request, and returns what would make it fail (F35). What cannot be
 * told in time is no problem: the task tries longer than a caller waits. A dry run needs its source only.
 */
export async function preflight(
  request: ProcessRequest,
  services: PreflightServices,
): Promise<PreflightProblem[]> {
  const checks: Record<string, () => Promise<void>> = {
    ...(!request.dry_run && {
      embedding: async () => void (await services.embedder.embed(["receipt"])),
      index: () => checkIndex(services),
    }),
    ...(request.data_source === "metabase" && { source: () => checkQuestion(request, services.metabase) }),
  };
  const found = await Promise.all(
    Object.entries(checks).map(([check, run]) => problemOf(check, run, services.log)),
  );
  return found.flatMap((problem) => problem ?? []);
}

async function checkIndex({ index, embedder }: PreflightServices): Promise<void> {
  const held = await index.dimension();
  if (held !== undefined && held !== embedder.dimensions) {
    throw new IndexOfAnotherDimensionError(held, embedder.dimensions);
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
  log.warn("A preflight check could not be made", { check, reason: failure.message });
  return undefined;
}
