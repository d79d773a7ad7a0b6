import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { RememberedVectors } from "../../core/embedding/remembered-vectors.ts";
import { databaseUntil } from "../../core/images/database/database-config.ts";
import { voyageEmbedder } from "../../core/images/embed/voyage-config.ts";
import type { SearchApiDeps } from "../../core/images/search/answer-search.ts";
import { embedMs } from "../../core/images/search/search-images.ts";
import type { Telemetry } from "../../core/process/define-function.ts";
import { systemClock } from "../../core/resilience/clock.ts";
import type { SearchConfig } from "./config.ts";

/** The number of questions whose vectors are cached while the process lives: at most 16 MB of 2,000 dimensions. */
const rememberedQuestions = 1_000;

/** The dependencies of one request, whose calls end by `giveUpAt` (epoch ms). The cache lives as long as the process. */
export function searchDeps(config: SearchConfig, { log }: Telemetry): (giveUpAt: number) => SearchApiDeps {
  const databaseFor = databaseUntil(config);
  const embedderFor = voyageEmbedder(config, DynamoDBDocumentClient.from(new DynamoDBClient({})), "query");
  const lexical = config.LEXICAL_WEIGHT_PERCENT;
  const vectors = new RememberedVectors(
    {
      // Loaded within the vector side, so that an unreadable secret does not fail the lexical side.
      embed: async (texts, purpose) => (await embedderFor(Date.now() + embedMs)).embed(texts, purpose),
    },
    rememberedQuestions,
  );
  return (giveUpAt) => ({
    usersByKeyId: config.USERS_BY_KEY_ID,
    database: databaseFor(giveUpAt),
    vectors,
    weights: { lexical, vector: 1 - lexical },
    rankConstant: config.RANK_CONSTANT,
    clock: systemClock,
    log,
  });
}
