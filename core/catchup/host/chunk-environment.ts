import * as z from "zod";
import { embeddingEnvironment } from "../../embedding/embedding-environment.ts";
import { wholeNumber } from "../../settings/environment.ts";
import { columnTypes } from "../records/cell-value.ts";
import { settleEnvironment } from "./settle-environment.ts";

/** Columns and their declared types as JSON. */
const declaredTypes = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue("must be JSON");
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string(), z.enum(columnTypes)));

/** What infra sets for every function that works on chunks. */
export const chunkEnvironment = z.object({
  ...settleEnvironment.shape,
  ...embeddingEnvironment,
  /** Name of the secret; its value is the key itself. */
  PINECONE_API_KEY_SECRET: z.string().min(1),
  PINECONE_HOST: z.url(),
  TOKENS_PER_TEXT: wholeNumber(1, 1_000_000),
  COLUMN_TYPES: declaredTypes,
});

export type ChunkEnvironment = z.infer<typeof chunkEnvironment>;
