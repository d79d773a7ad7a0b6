import * as z from "zod";
import { sinks } from "../../../contract/catch-up-sinks.ts";
import { emptyIsNone } from "../../settings/environment.ts";

/** What infra sets for every process that writes vectors to a sink. */
export const sinkConfig = z.object({
  SINK: z.enum(sinks),
  /** URL of Pinecone's index, URL of Chroma's database, or name of the vector bucket. */
  SINK_PLACE: z.string().min(1),
  /** Name of the secret; its value is the key itself. */
  SINK_API_KEY_SECRET: emptyIsNone,
});

export type SinkConfig = z.infer<typeof sinkConfig>;
