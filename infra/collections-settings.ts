import { mirrors } from "../contract/mirror.ts";
import { oneOf } from "./settings/setting.ts";

/** The settings of what is published; config.ts includes them. */
export const collectionsSettings = {
  mirror: oneOf({
    default: "none",
    values: mirrors,
    means:
      "A second copy of the published collections: none, or a vector bucket of S3 with one index per shard, which a function brings up to date once per minute.",
    because:
      "It costs an endpoint in the VPC (7 USD per month and zone), and only query:backend s3vectors and readers of yours need it.",
  }),
} as const;
