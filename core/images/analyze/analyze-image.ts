import { randomUUID } from "node:crypto";
import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { analysisCompleteEvent } from "../../../contract/images.ts";
import { errorFields, type Log } from "../../log.ts";
import type { Metrics } from "../../metrics.ts";
import { DeferredError } from "../../queues/deferred-error.ts";
import { currentTraceId } from "../../tracing/traceparent.ts";
import type { Analyses, AnalysisInput, NewAnalysis } from "../database/analyses.ts";
import type { EventPublisher } from "../events/event-publisher.ts";
import type { AnalysisComplete, ImageProcessed } from "../events/flow-events.ts";
import { analysis as analysisSchema, promptVersion } from "./analysis.ts";
import { analysisIdOf, inputHashOf } from "./analysis-id.ts";
import type { Analyzed, LimitedVision } from "./limited-vision.ts";
import type { Visions } from "./vision-config.ts";
import { PaidInVainError } from "./vision-errors.ts";

/** The delay before a message is retried whose image another process is analyzing. */
const claimedSeconds = 15;

/** Another process is analyzing the same image. */
export class AnalysisClaimedError extends DeferredError {
  constructor(itemId: string) {
    super(
      `Another process is analyzing the image ${itemId}.`,
      "The message is redelivered and finds its result.",
      claimedSeconds,
    );
  }
}

/** Today's budget is spent. */
export class ImageBudgetSpentError extends DeferredError {
  constructor(usdPerDay: number, secondsLeft: number) {
    super(
      `Today's budget of ${usdPerDay} USD for analyses is spent.`,
      "The message waits until the next day (UTC). Raise images:usdPerDay to continue today.",
      secondsLeft,
    );
  }
}

export interface AnalyzeDeps {
  readonly s3: S3Client;
  readonly analyses: Analyses;
  readonly visions: Visions;
  readonly events: Pick<EventPublisher, "publish">;
  /** 0 means no limit. */
  readonly usdPerDay: number;
  /** Epoch milliseconds at which this process's claim expires. */
  readonly finishBy: number;
  readonly now: () => number;
  readonly metrics: Metrics;
  readonly log: Log;
}

export type AnalyzedAs = "analyzed" | "copied" | "known" | "superseded";

/**
 * Analyzes an image once per content, prompt and model, and publishes AnalysisComplete. A redelivery that finds a
 * stored analysis publishes the event again.
 */
export async function analyzeImage(event: ImageProcessed, deps: AnalyzeDeps): Promise<AnalyzedAs> {
  const { kind, analysisId } = await storedAs(event, inputOf(event, deps.visions.first), deps);
  if (kind === "superseded") return kind;
  const detail: AnalysisComplete = {
    item_id: event.item_id,
    analysis_id: analysisId,
    user_id: event.user_id,
    bucket: event.bucket,
  };
  await deps.events.publish({ ...analysisCompleteEvent, detail });
  return kind;
}

interface Stored {
  readonly kind: AnalyzedAs;
  readonly analysisId: string;
}

async function storedAs(event: ImageProcessed, input: AnalysisInput, deps: AnalyzeDeps): Promise<Stored> {
  const { analyses } = deps;
  const { analysisId } = input;
  const holder = randomUUID();
  const claimSeconds = Math.max(1, Math.ceil((deps.finishBy - deps.now()) / 1_000));
  const start = await analyses.start(input, holder, claimSeconds);
  if (start.kind === "superseded") return { kind: "superseded", analysisId };
  if (start.kind === "claimed") throw new AnalysisClaimedError(event.item_id);
  if (start.kind === "known") {
    const isNewest = start.isNewest || (await analyses.promote(input));
    return { kind: isNewest ? "known" : "superseded", analysisId: start.analysisId };
  }
  const stored = async (analysis: NewAnalysis, kind: AnalyzedAs): Promise<Stored> => ({
    kind: (await analyses.store(input, analysis)) ? kind : "superseded",
    analysisId,
  });
  try {
    const copy = start.twinId && (await copyOf(start.twinId, event, deps));
    if (copy) return await stored(copy, "copied");
    checkBudget(start.usdToday, deps);
    const jpeg = await readRendition(event, deps.s3);
    return await stored(await ask(jpeg, deps), "analyzed");
  } catch (error) {
    if (error instanceof PaidInVainError) {
      await analyses.markRefused(input).catch((failure: unknown) => {
        deps.log.warn("A refused image counts as unfinished", errorFields(failure));
      });
    }
    await analyses.release(analysisId, holder).catch((failure: unknown) => {
      deps.log.warn("A claim could not be released; it expires", errorFields(failure));
    });
    throw error;
  }
}

function inputOf(event: ImageProcessed, { name: provider, model }: LimitedVision): AnalysisInput {
  const inputHash = inputHashOf({
    contentSha256: event.content_sha256,
    promptVersion,
    provider,
    model,
    reanalysisId: event.reanalysis_id,
  });
  return {
    analysisId: analysisIdOf(event.item_id, inputHash),
    inputHash,
    contentSha256: event.content_sha256,
    itemId: event.item_id,
    userId: event.user_id,
    sequencer: event.sequencer,
  };
}

/** Reuses the analysis of the same content under another key of the same user, so that it is not paid for again. */
async function copyOf(
  twinId: string,
  { user_id }: ImageProcessed,
  { analyses }: AnalyzeDeps,
): Promise<NewAnalysis | undefined> {
  const answer = await analyses.answer(user_id, twinId);
  const parsed = analysisSchema.safeParse(answer?.raw);
  if (answer === undefined || !parsed.success) return undefined;
  const { provider, model } = answer;
  return newAnalysis(parsed.data, { provider, model, requestId: undefined, input: 0, output: 0, costUsd: 0 });
}

function checkBudget(usdToday: number, { usdPerDay, now, metrics }: AnalyzeDeps): void {
  if (usdPerDay === 0 || usdToday < usdPerDay) return;
  metrics.count("AnalysesDeferred", 1);
  const day = 24 * 3600;
  throw new ImageBudgetSpentError(usdPerDay, day - (Math.floor(now() / 1_000) % day));
}

async function readRendition(
  { renditions_bucket: Bucket, analysis_key: Key }: ImageProcessed,
  s3: S3Client,
): Promise<Uint8Array> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return (await Body?.transformToByteArray()) ?? new Uint8Array();
}

/** Calls the first model, and the fallback if it fails. */
async function ask(jpeg: Uint8Array, deps: AnalyzeDeps): Promise<NewAnalysis> {
  const { first, fallback } = deps.visions;
  if (fallback === undefined) return askOne(first, jpeg, deps);
  try {
    return await askOne(first, jpeg, deps);
  } catch (error) {
    deps.log.warn("A provider failed; the fallback is used", errorFields(error));
    return askOne(await fallback(), jpeg, deps);
  }
}

/** Books the cost of an unusable answer too. */
async function askOne(vision: LimitedVision, jpeg: Uint8Array, deps: AnalyzeDeps): Promise<NewAnalysis> {
  try {
    return analyzedBy(vision, await vision.analyze(jpeg), deps.metrics);
  } catch (error) {
    if (error instanceof PaidInVainError) await bookInVain(vision, error, deps);
    throw error;
  }
}

function analyzedBy(
  vision: LimitedVision,
  { analysis, model, requestId, usage }: Analyzed,
  metrics: Metrics,
): NewAnalysis {
  const costUsd = vision.costOf(usage);
  const { inputTokens: input, outputTokens: output } = usage;
  countTokens(metrics, input, output, costUsd);
  return newAnalysis(analysis, { provider: vision.name, model, requestId, input, output, costUsd });
}

async function bookInVain(
  vision: LimitedVision,
  { usage }: PaidInVainError,
  { analyses, metrics, log }: AnalyzeDeps,
): Promise<void> {
  const costUsd = vision.costOf(usage);
  countTokens(metrics, usage.inputTokens, usage.outputTokens, costUsd);
  metrics.count("AnalysesRefused", 1);
  // The original error is thrown even if the booking fails, because it decides how the message is handled.
  await analyses.bookSpent({ costUsd, ...usage }).catch((failure: unknown) => {
    log.error("The cost of an unusable answer could not be booked", errorFields(failure));
  });
}

/** Costs are counted in millionths of a dollar, because CloudWatch counters lose precision with fractions. */
function countTokens(metrics: Metrics, input: number, output: number, costUsd: number): void {
  metrics.count("VisionInputTokens", input);
  metrics.count("VisionOutputTokens", output);
  metrics.count("VisionMicroUsd", Math.round(costUsd * 1_000_000));
}

function newAnalysis(
  analysis: Analyzed["analysis"],
  used: {
    readonly provider: string;
    readonly model: string;
    readonly requestId: string | undefined;
    readonly input: number;
    readonly output: number;
    readonly costUsd: number;
  },
): NewAnalysis {
  return {
    category: analysis.category,
    summary: analysis.summary,
    rawResponse: analysis,
    provider: used.provider,
    model: used.model,
    traceId: currentTraceId(),
    requestId: used.requestId,
    promptVersion,
    inputTokens: used.input,
    outputTokens: used.output,
    costUsd: used.costUsd,
  };
}
