import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { S3Client } from "@aws-sdk/client-s3";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { AnalyzeDeps } from "../../core/images/analyze/analyze-image.ts";
import { limitedVisions } from "../../core/images/analyze/vision-config.ts";
import { Analyses } from "../../core/images/database/analyses.ts";
import { databaseUntil } from "../../core/images/database/database-config.ts";
import { EventPublisher } from "../../core/images/events/event-publisher.ts";
import type { Invocation, Telemetry } from "../../core/process/define-function.ts";
import type { DeliveryDeps } from "../../core/queues/process-deliveries.ts";
import { consumedQueue } from "../../core/queues/queue-config.ts";
import type { AnalyzerConfig } from "./config.ts";

export type AnalyzerDeps = AnalyzeDeps & DeliveryDeps;

/**
 * Returns the dependencies of one invocation. Models are called until `giveUpAt`; a paid answer is stored until
 * `finishBy`.
 */
export function analyzerDeps(
  config: AnalyzerConfig,
  { log, metrics }: Telemetry,
): (until: Pick<Invocation, "giveUpAt" | "finishBy">) => Promise<AnalyzerDeps> {
  const databaseFor = databaseUntil(config);
  const visionsFor = limitedVisions(config, DynamoDBDocumentClient.from(new DynamoDBClient({})));
  const shared = {
    s3: new S3Client({}),
    events: new EventPublisher(new EventBridgeClient({}), config.EVENT_BUS_NAME),
    queue: consumedQueue(config, log),
    usdPerDay: config.USD_PER_DAY,
    now: Date.now,
    metrics,
    log,
  };
  return async ({ giveUpAt, finishBy }) => ({
    ...shared,
    finishBy,
    visions: await visionsFor(giveUpAt),
    analyses: new Analyses(databaseFor(finishBy)),
  });
}
