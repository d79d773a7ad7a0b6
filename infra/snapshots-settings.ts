import { integer } from "./settings/setting.ts";

/** The settings of snapshots for other readers; config.ts includes them. */
export const snapshotsSettings = {
  everyMinutes: integer({
    default: 0,
    from: 0,
    to: 1440,
    means:
      "How often what is published is exported as an ordinary Chroma folder, if it has changed; 0: only by `npm run generations -- COLLECTION --export`.",
    because: "An export costs by the size of the collection, and only other readers need one.",
  }),
  kept: integer({
    default: 3,
    from: 1,
    to: 100,
    means: "Snapshots of a collection that are kept, the newest included.",
    because: "A reader has two intervals to download the one that it has read of.",
  }),
  memoryMiB: integer({
    default: 3008,
    from: 1024,
    to: 10_240,
    means: "Memory of the function that exports, the Chroma server inside it included.",
    because: "As the fold's: 200,000 vectors with 1536 dimensions, and the maximum of a new AWS account.",
  }),
  scratchMiB: integer({
    default: 4096,
    from: 512,
    to: 10_240,
    means:
      "Local disk of the function that exports: the whole collection, and a copy of its largest shard but one.",
    because:
      "A collection of 200,000 vectors with 1536 dimensions takes 1.4 GiB; the archive itself takes none.",
  }),
};
