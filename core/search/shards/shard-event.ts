import * as z from "zod";

/** The event of a shard's function: a request as the caller sent it, and the vector of its text. */
export const shardEvent = z.union([
  z.strictObject({ search: z.unknown(), vector: z.array(z.number()).optional() }),
  z.strictObject({
    similar: z.strictObject({ id: z.string(), k: z.int().min(1).max(100) }),
    /** The vector of the id; absent if the shard itself has it. */
    vector: z.array(z.number()).optional(),
  }),
]);

export type ShardEvent = z.infer<typeof shardEvent>;

/** The reason why a request has no answer, for its caller to read. */
const refusal = z.object({
  status: z.int(),
  code: z.string(),
  message: z.string(),
  problems: z.array(z.string()),
});

/** The response of a shard's function: an answer or a refusal. Any other failure fails the invocation. */
export const shardReply = z.union([
  z.strictObject({ refused: refusal }),
  z.strictObject({ answer: z.unknown() }),
]);

export type ShardReply = z.infer<typeof shardReply>;
