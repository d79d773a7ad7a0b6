import * as z from "zod";
import { watchedConfig } from "../../core/changes/watched.ts";
import { emptyIsNone, urlsOfShards } from "../../core/settings/environment.ts";

/** The environment that infra declares for the stream processor. */
export const streamProcessorConfig = z.object({
  LINES_QUEUE_URLS: urlsOfShards,
  WORDS_QUEUE_URLS: urlsOfShards,
  STREAM_REJECTED_QUEUE_URL: z.url(),
  /** Empty if no function needs published runs. */
  PUBLISHED_RUNS_QUEUE_URL: emptyIsNone.pipe(z.url().optional()),
  /** Empty: nothing waits for runs that are COMPLETED or FAILED in a collection. */
  SETTLED_RUNS_QUEUE_URL: emptyIsNone.pipe(z.url().optional()),
  ...watchedConfig,
});

export type StreamProcessorConfig = z.infer<typeof streamProcessorConfig>;
