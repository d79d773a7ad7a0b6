import { oneOf, wholeNumber } from "./settings/setting.ts";

/** The settings of compaction and of what hosts it; config.ts has them among all others. */
export const compactionSettings = {
  collectionShards: wholeNumber({
    default: 1,
    from: 1,
    // The URLs of the queues of more would not fit in the 4 KB that Lambda gives an environment.
    to: 8,
    means:
      "Shards that each collection is split into by the image id, each with queues, a writer and generations of its own and up to two functions at once; under a changed number they are empty, or as they were when it was last used, until `npm run verify -- --repair` has filled them from the stored deltas.",
    because: "One holds 200,000 vectors in the default memory, and is the least to run and to watch.",
  }),
  leaseSeconds: wholeNumber({
    default: 30,
    from: 5,
    to: 900,
    means:
      "How long a holder of a collection's lease may be silent before another takes over, and how long its messages stay hidden without a heartbeat.",
    because: "It outlasts any pause of a healthy process, and a crash is over after twice that.",
  }),
  leaseWaitSeconds: wholeNumber({
    default: 30,
    from: 0,
    to: 300,
    means:
      "How long a second function waits for the lease, half a lease at least, before it hands its messages back.",
    because: "Most cycles are shorter, so the messages rarely travel twice.",
  }),
  drainMaxMessages: wholeNumber({
    default: 1000,
    from: 0,
    to: 10_000,
    means: "Messages that one cycle takes beyond the ones it was given.",
    because: "A generation is copied once for all of them, and their deltas fit in memory.",
  }),
  drainMaxMiB: wholeNumber({
    default: 32,
    from: 1,
    to: 1024,
    means: "Bodies of the messages that one cycle takes beyond the ones it was given, all together.",
    because: "A body has 64 KiB of an item at most: this bounds what a thousand of the largest would take.",
  }),
  drainSeconds: wholeNumber({
    default: 10,
    from: 0,
    to: 300,
    means: "How long a cycle goes on taking messages.",
    because: "Ten seconds reach most of what is queued; what is left has the next cycle.",
  }),
  minPublishIntervalSeconds: wholeNumber({
    default: 5,
    from: 0,
    to: 300,
    means: "The least time between two generations of a collection.",
    because: "It lets changes gather, and a search is never older than seconds.",
  }),
  generationsKept: wholeNumber({
    default: 3,
    from: 2,
    to: 100,
    means: "Newest generations that are kept whatever their age.",
    because: "One is served, one is being left, one is there to go back to.",
  }),
  maxReaderSeconds: wholeNumber({
    default: 900,
    from: 30,
    to: 86_400,
    means: "How long a reader may still be copying a superseded generation.",
    because: "It is several times what copying a million vectors from EFS takes.",
  }),
  maxFailures: wholeNumber({
    default: 5,
    from: 1,
    to: 50,
    means: "Failures for a message's own reason before it goes to the dead-letter queue.",
    because: "Four retries pass over what passes by itself.",
  }),
  memoryMiB: wholeNumber({
    default: 3008,
    from: 1024,
    to: 10_240,
    means: "Memory of the compaction function, the Chroma server inside it included.",
    because: "It holds 200,000 vectors of 1536 dimensions, and is the most that a new AWS account may use.",
  }),
  timeoutSeconds: wholeNumber({
    default: 100,
    from: 30,
    to: 900,
    means:
      "Time limit of the compaction function; its queues' visibility timeout is ten seconds more, which is how long a function that dies before its first call blocks its message groups.",
    because:
      "A crash at any moment is over within two minutes; a cycle merges what fits in its time, and the next one goes on.",
  }),
  scratchMiB: wholeNumber({
    default: 4096,
    from: 512,
    to: 10_240,
    means: "Local disk of the compaction function, where a generation is worked on.",
    because: "A collection of 200,000 vectors of 1536 dimensions takes 1.4 GiB, twice while it is copied.",
  }),
  host: oneOf({
    default: "lambda",
    values: ["lambda", "ecs"],
    means:
      "What compacts: the function, or one ECS task that does the same in a long-lived process; the other takes no messages.",
    because: "The function costs nothing while idle; the task is for cycles past 15 minutes or 10 GB.",
  }),
  workerCpu: oneOf({
    default: 2048,
    values: [512, 1024, 2048, 4096, 8192, 16_384],
    means: "CPU units of the ECS task that compacts; 1024 are one core.",
    because: "Each collection has a core for its HNSW inserts.",
  }),
  workerMemoryMiB: wholeNumber({
    default: 8192,
    from: 1024,
    to: 122_880,
    means: "Memory of the ECS task that compacts, its Chroma servers included.",
    because: "It holds 200,000 vectors of 1536 dimensions of each collection, with room to grow.",
  }),
  workerScratchGiB: wholeNumber({
    default: 30,
    from: 21,
    to: 200,
    means: "Local disk of the ECS task that compacts, where generations are worked on.",
    because:
      "Two collections of a million vectors of 1536 dimensions take 14 GiB, twice while they are copied.",
  }),
  workerShardsAtOnce: wholeNumber({
    default: 2,
    from: 1,
    to: 16,
    means: "Shards whose cycles the ECS task runs at the same time; each takes memory and a core.",
    because: "Lines and words then wait for each other only where they are split.",
  }),
  workerCycleHours: wholeNumber({
    default: 6,
    from: 1,
    to: 48,
    means: "How long a cycle of the ECS task may take before the task ends and starts anew.",
    because: "Six hours merge millions of vectors; what takes longer hangs.",
  }),
} as const;
