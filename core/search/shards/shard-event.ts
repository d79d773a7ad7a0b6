import * as z from "zod";

/** What the function of one shard is invoked with: a request as its caller sent it, and the vector of its text. */
export const shardEvent = z.union([
  z.strictObject({ search: z.unknown(), vector: z.array(z.number()).optional() }),
  z.strictObject({
    similar: z.strictObject({ id: z.string(), k: z.int().min(1).max(100) }),
    /** Of the id; absent where the shard itself has it. */
    vector: z.array(z.number()).optional(),
  }),
]);

export type ShardEvent = z.infer<typeof shardEvent>;

/** Why a request has no answer, for its caller to read. */
const refusal = z.object({
  status: z.int(),
  code: z.string(),
  message: z.string(),
  problems: z.array(z.string()),
});

/** The reply of the function of one shard: an answer, or a refusal. Any other failure fails the invocation. */
export const shardReply = z.union([
  z.strictObject({ refused: refusal }),
  z.strictObject({ answer: z.unknown() }),
]);

export type ShardReply = z.infer<typeof shardReply>;
