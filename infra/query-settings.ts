import { queryBackends } from "../contract/mirror.ts";
import { callersKey } from "./settings/forms.ts";
import { gatewayAuthorization } from "./settings/gateway-authorization.ts";
import { boolean, integer, oneOf, optionalSecret } from "./settings/setting.ts";

/** The settings of the search API; config.ts includes them. */
export const querySettings = {
  enabled: boolean({
    default: false,
    means: "Deploy the search API.",
    because: "It needs query:apiKey, which has no default.",
  }),
  host: oneOf({
    default: "lambda",
    values: ["lambda", "ecs"],
    means:
      "What answers searches: functions behind API Gateway, or the query server as an ECS service in the VPC.",
    because:
      "Functions need no Docker and cost nothing while idle. The service answers steady load without cold starts.",
  }),
  backend: oneOf({
    default: "snapshot",
    values: queryBackends,
    means:
      "With host lambda, what searches compare: the published generation in memory, or its mirror in S3 Vectors (collections:mirror), by vectors alone, approximately, and up to some minutes late.",
    because:
      "A snapshot compares every vector, and letters too. The mirror needs no function in the VPC and has no cold start, so it suits shards that are large or seldom searched.",
  }),
  lambdaMaxVectors: integer({
    default: 50_000,
    from: 1,
    to: 400_000,
    means: "Maximum number of vectors per shard that a search function opens.",
    because: "A first request opens this many of 1536 dimensions within the 29 s that API Gateway waits.",
  }),
  lambdaMemoryMiB: integer({
    default: 3_008,
    from: 512,
    to: 10_240,
    means: "Memory of the functions that search a shard; it sets their share of CPU.",
    because:
      "Opening 50,000 vectors of 1536 dimensions takes 2 GiB, and new accounts are limited to this size.",
  }),
  authorization: gatewayAuthorization("the search API, with host lambda"),
  requestsPerSecond: integer({
    default: 50,
    from: 1,
    to: 10_000,
    means: "Requests per second that API Gateway passes to the search functions; twice as many in a burst.",
    because: "A leaked key then cannot take up the concurrency of the account.",
  }),
  port: integer({
    default: 8080,
    from: 1024,
    to: 65_535,
    means: "With host ecs, port of the query server and of the internal load balancer in front of it.",
    because: "It is an unprivileged port.",
  }),
  apiKey: optionalSecret({
    form: callersKey,
    means: "API key of the search API; required if query:enabled is true.",
    because: "A shared default would not be secret.",
  }),
  cpu: oneOf({
    default: 512,
    values: [256, 512, 1024, 2048, 4096],
    means: "CPU units per query task; 1024 are one vCPU.",
    because:
      "A query over 50,000 vectors of 1536 dimensions takes some 30 ms of a core, so half a vCPU answers ten per second.",
  }),
  memoryMiB: integer({
    default: 2048,
    from: 512,
    to: 30_720,
    means: "Memory per query task.",
    because:
      "Two collections of 50,000 vectors with 1536 dimensions take 0.7 GiB, and twice that while the next generation is opened.",
  }),
  exactVectors: integer({
    default: 50_000,
    from: 0,
    to: 1_000_000,
    means:
      "With host ecs, maximum number of vectors per shard for exact search with lexical matching. Larger shards are served by Chroma's approximate index, by vectors alone.",
    because:
      "Two collections of this size fit the default memory, and approximate search misses stored vectors.",
  }),
  minCosinePercent: integer({
    default: 25,
    from: 0,
    to: 100,
    means:
      "Minimum cosine similarity, in hundredths, of a hit that shares few letters with the query. A search may therefore have no hits.",
    because: "Unrelated short texts of text-embedding-3-small score below it; other models differ.",
  }),
  desiredCount: integer({
    default: 2,
    from: 1,
    to: 50,
    means: "Number of query tasks.",
    because: "One per zone, so that search survives the loss of a zone.",
  }),
} as const;
