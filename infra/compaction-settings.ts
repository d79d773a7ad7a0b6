import { integer, oneOf } from "./settings/setting.ts";

/** The settings of compaction and of its host; config.ts includes them. */
export const compactionSettings = {
  collectionShards: integer({
    default: 1,
    from: 1,
    // The queue URLs of more shards would exceed Lambda's limit of 4 KB for the environment.
    to: 8,
    means:
      "Shards per collection, by image id. Each shard has its own queues, writer and generations. After a change the new shards are empty (or stale, if the number was in use before) until `npm run verify -- --repair` fills them from the stored deltas.",
    because: "One shard holds 200,000 vectors in the default memory, and is the simplest to operate.",
  }),
  leaseSeconds: integer({
    default: 30,
    from: 5,
    to: 900,
    means:
      "Lease duration: how long a holder may miss its heartbeats before another process takes over. Also the visibility timeout that a heartbeat extends.",
    because:
      "A healthy process never pauses that long, and recovery from a crash takes at most twice as long. At most a third of `compaction:timeoutSeconds`.",
  }),
  leaseWaitSeconds: integer({
    default: 30,
    from: 0,
    to: 300,
    means:
      "How long a second function waits for the lease before it returns its messages to the queue; at least half a lease.",
    because: "Most cycles are shorter, so messages are rarely redelivered.",
  }),
  drainMaxMessages: integer({
    default: 4000,
    from: 0,
    to: 10_000,
    means: "Maximum number of messages that a cycle drains from the queue, beyond those of its invocation.",
    because: "One publish serves all of them, and many changes of a receipt cost one read of its items.",
  }),
  drainMaxMiB: integer({
    default: 32,
    from: 1,
    to: 1024,
    means: "Maximum total size of the message bodies that a cycle drains.",
    because: "A body holds up to 64 KiB of an item, so a thousand of the largest would take 64 MiB.",
  }),
  drainSeconds: integer({
    default: 10,
    from: 0,
    to: 300,
    means: "How long a cycle drains the queue.",
    because: "Ten seconds drain most of a queue; the next cycle takes the rest.",
  }),
  minPublishIntervalSeconds: integer({
    default: 5,
    from: 0,
    to: 300,
    means: "Minimum interval between two generations of a collection.",
    because: "It batches changes, and keeps search results at most seconds old.",
  }),
  foldVectors: integer({
    default: 4000,
    from: 0,
    to: 1_000_000,
    means:
      "Vectors of changed receipts, or a tenth of the collection if that is more, that lie in segments above the base before the fold writes the next base; at most half of compaction:maxOverlayVectors. With 0 every change asks for a base.",
    because: "A change costs by its own size, and a search compares this many vectors one by one at once.",
  }),
  foldHours: integer({
    default: 24,
    from: 1,
    to: 10_000,
    means: "How long a change lies in a segment above the base at most before the fold writes the next base.",
    because: "A base per day costs cents, and old deltas are then no longer needed to read it.",
  }),
  maxOverlayVectors: integer({
    default: 20_000,
    from: 100,
    to: 1_000_000,
    means:
      "Vectors in segments above the base from which on new receipts wait in their queue until a fold has landed. Changes of receipts that only the base has wait at twice as many; removals, and changes of what is above the base, never do.",
    because:
      "Each query task holds them in memory: 120 MiB with 1536 dimensions, and 240 MiB where everything changes at once.",
  }),
  generationsKept: integer({
    default: 3,
    from: 2,
    to: 100,
    means: "Number of generations that are kept regardless of age.",
    because: "One is served, one may still have readers, and one is there to restore.",
  }),
  maxReaderSeconds: integer({
    default: 900,
    from: 30,
    to: 86_400,
    means: "How long a superseded generation stays available to readers that copy it.",
    because: "Copying a million vectors from EFS takes a fraction of it.",
  }),
  maxFailures: integer({
    default: 5,
    from: 1,
    to: 50,
    means: "Failures of a message itself before it moves to the dead-letter queue.",
    because: "Four retries outlast transient errors.",
  }),
  memoryMiB: integer({
    default: 1024,
    from: 512,
    to: 10_240,
    means: "Memory of the compaction function, which publishes changes and opens no database.",
    because: "Lambda gives CPU by memory: more than half a core keeps a publish below a second.",
  }),
  timeoutSeconds: integer({
    default: 100,
    from: 30,
    to: 900,
    means:
      "Timeout of the compaction function. The visibility timeout of its queues is ten seconds longer; a function that crashes before its first call blocks its message groups for that long.",
    because:
      "It bounds recovery from a crash to two minutes. A cycle publishes what fits, and the next one continues.",
  }),
  foldMemoryMiB: integer({
    default: 3008,
    from: 1024,
    to: 10_240,
    means: "Memory of the fold function, the Chroma server inside it included.",
    because: "It holds 200,000 vectors with 1536 dimensions, and is the maximum of a new AWS account.",
  }),
  foldTimeoutSeconds: integer({
    default: 900,
    from: 60,
    to: 900,
    means:
      "Timeout of the fold function. A heartbeat shows that it lives, so a crash does not cost this time.",
    because: "Lambda's maximum. What does not fit stays above the base, and the next fold takes it.",
  }),
  foldScratchMiB: integer({
    default: 4096,
    from: 512,
    to: 10_240,
    means: "Local disk of the fold function, for its copy of a base.",
    because:
      "A collection of 200,000 vectors with 1536 dimensions takes 1.4 GiB, and twice that while it is copied.",
  }),
  host: oneOf({
    default: "lambda",
    values: ["lambda", "ecs"],
    means:
      "Host of compaction, the fold included: functions, or one long-lived ECS task. The other one receives no messages.",
    because: "The functions cost nothing while idle; the task is for folds beyond 15 minutes or 10 GB.",
  }),
  workerCpu: oneOf({
    default: 2048,
    values: [512, 1024, 2048, 4096, 8192, 16_384],
    means: "CPU units of the compaction task; 1024 are one vCPU.",
    because: "Each collection has a vCPU for its HNSW inserts.",
  }),
  workerMemoryMiB: integer({
    default: 8192,
    from: 1024,
    to: 122_880,
    means: "Memory of the compaction task, its Chroma servers included.",
    because: "It holds 200,000 vectors with 1536 dimensions per collection, with room to grow.",
  }),
  workerScratchGiB: integer({
    default: 30,
    from: 21,
    to: 200,
    means: "Local disk of the compaction task, for its copies of generations.",
    because:
      "Two collections of a million vectors with 1536 dimensions take 14 GiB, and twice that while they are copied.",
  }),
  workerShardsAtOnce: integer({
    default: 2,
    from: 1,
    to: 16,
    means: "Shards that the compaction task processes concurrently; each takes memory and a vCPU.",
    because: "Lines and words then wait for each other only if they are sharded.",
  }),
  workerCycleHours: integer({
    default: 6,
    from: 1,
    to: 48,
    means:
      "Maximum duration of a cycle of the compaction task. A cycle that takes longer ends the task, and ECS restarts it.",
    because: "Six hours merge millions of vectors; a cycle that takes longer is stuck.",
  }),
} as const;
