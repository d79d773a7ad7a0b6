import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { S3Client } from "@aws-sdk/client-s3";
import { databaseUntil } from "../../core/images/database/database-config.ts";
import { Items } from "../../core/images/database/items.ts";
import { EventPublisher } from "../../core/images/events/event-publisher.ts";
import type { ProcessDeps } from "../../core/images/process/process-change.ts";
import { Renditions } from "../../core/images/process/renditions.ts";
import type { Telemetry } from "../../core/process/define-function.ts";
import type { DeliveryDeps } from "../../core/queues/process-deliveries.ts";
import { consumedQueue } from "../../core/queues/queue-config.ts";
import type { ProcessorConfig } from "./config.ts";

export type ProcessorDeps = ProcessDeps & DeliveryDeps & Telemetry;

/** The dependencies of one invocation, whose calls end by `giveUpAt` (epoch ms). */
export function processorDeps(
  config: ProcessorConfig,
  telemetry: Telemetry,
): (giveUpAt: number) => ProcessorDeps {
  const s3 = new S3Client({});
  const databaseFor = databaseUntil(config);
  const shared = {
    ...telemetry,
    s3,
    renditions: new Renditions({ s3, bucket: config.RENDITIONS_BUCKET }),
    events: new EventPublisher(new EventBridgeClient({}), config.EVENT_BUS_NAME),
    queue: consumedQueue(config, telemetry.log),
    limits: {
      maxBytes: config.MAX_MEGABYTES * 1_000_000,
      maxPixels: config.MAX_MEGAPIXELS * 1_000_000,
      heic: config.HEIC,
    },
  };
  return (giveUpAt) => ({ ...shared, items: new Items(databaseFor(giveUpAt)) });
}
