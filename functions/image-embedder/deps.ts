import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { databaseUntil } from "../../core/images/database/database-config.ts";
import { Embeddings } from "../../core/images/database/embeddings.ts";
import type { EmbedDeliveryDeps } from "../../core/images/embed/embed-deliveries.ts";
import { voyageEmbedder } from "../../core/images/embed/voyage-config.ts";
import type { Invocation, Telemetry } from "../../core/process/define-function.ts";
import { consumedQueue } from "../../core/queues/queue-config.ts";
import type { EmbedderConfig } from "./config.ts";

/** The dependencies of one invocation. Documents are embedded until `giveUpAt`; their vectors are stored until `finishBy`. */
export function embedderDeps(
  config: EmbedderConfig,
  telemetry: Telemetry,
): (until: Pick<Invocation, "giveUpAt" | "finishBy">) => Promise<EmbedDeliveryDeps> {
  const databaseFor = databaseUntil(config);
  const embedderFor = voyageEmbedder(config, DynamoDBDocumentClient.from(new DynamoDBClient({})), "document");
  const queue = consumedQueue(config, telemetry.log);
  return async ({ giveUpAt, finishBy }) => ({
    ...telemetry,
    queue,
    embedder: await embedderFor(giveUpAt),
    embeddings: new Embeddings(databaseFor(finishBy)),
  });
}
