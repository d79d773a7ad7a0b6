import * as z from "zod";
import type { ShardName } from "../../contract/collections.ts";
import { problems } from "../text/problems.ts";
import { InputError } from "../vectorkeep-error.ts";

const request = z.object({
  shard: z.string(),
  /** Whether to compare the numbers of the vectors too. */
  numbers: z.boolean().default(false),
  /**
   * Searches for vectors by their own numbers instead of comparing: for a sample of each shard, drawn with the seed, or
   * for all.
   */
  findable: z.object({ sample: z.int().min(1).nullable(), seed: z.string() }).optional(),
  /** The value of `next` in the previous report; absent to begin. */
  after: z.string().optional(),
});

/** The request to the verify function, which responds with a ShardReport or a FindableReport. */
export type VerifyRequest = Omit<z.infer<typeof request>, "shard"> & { readonly shard: ShardName };

/** The function's event is not a valid request. The message lists every problem. */
export class VerifyRequestInvalidError extends InputError {
  constructor(found: readonly string[]) {
    super(`The request is invalid: ${found.join("; ")}.`, "Use `npm run verify`.");
  }
}

/** Throws VerifyRequestInvalidError, also for a shard that the stack does not have. */
export function parseVerifyRequest(event: unknown, shards: readonly ShardName[]): VerifyRequest {
  const parsed = request.safeParse(event);
  if (!parsed.success) throw new VerifyRequestInvalidError(problems(parsed.error));
  const shard = shards.find((one) => one === parsed.data.shard);
  if (shard === undefined)
    throw new VerifyRequestInvalidError([`shard: must be one of ${shards.join(", ")}`]);
  return { ...parsed.data, shard };
}
