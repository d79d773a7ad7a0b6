import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { databaseUntil } from "../../core/images/database/database-config.ts";
import { voyageEmbedder } from "../../core/images/embed/voyage-config.ts";
import type { SearchApiDeps } from "../../core/images/search/answer-search.ts";
import type { Telemetry } from "../../core/process/define-function.ts";
import { systemClock } from "../../core/resilience/clock.ts";
import type { SearchConfig } from "./config.ts";

/** The dependencies of one request, whose calls end by `giveUpAt` (epoch ms). */
export function searchDeps(config: SearchConfig, { log }: Telemetry): (giveUpAt: number) => SearchApiDeps {
  const databaseFor = databaseUntil(config);
  const embedderFor = voyageEmbedder(config, DynamoDBDocumentClient.from(new DynamoDBClient({})));
  const lexical = config.LEXICAL_WEIGHT_PERCENT;
  return (giveUpAt) => ({
    usersByKeyId: config.USERS_BY_KEY_ID,
    database: databaseFor(giveUpAt),
    // Loaded within the vector side, so that an unreadable secret does not fail the lexical side.
    embedder: {
      embed: async (texts, purpose) => (await embedderFor(giveUpAt)).embed(texts, purpose),
    },
    weights: { lexical, vector: 1 - lexical },
    rankConstant: config.RANK_CONSTANT,
    clock: systemClock,
    log,
  });
}
