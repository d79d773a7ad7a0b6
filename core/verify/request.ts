import * as z from "zod";
import type { ShardName } from "../../contract/collections.ts";
import { problems } from "../text/problems.ts";
import { InputError } from "../vectorkeep-error.ts";

const request = z.object({
  shard: z.string(),
  /** Whether the numbers of the vectors are compared too. */
  numbers: z.boolean().default(false),
  /** Instead of comparing, has vectors ask for themselves: a sample of each shard that the seed draws, or all of them. */
  findable: z.object({ sample: z.int().min(1).nullable(), seed: z.string() }).optional(),
  /** What `next` of the report before said; without it, from the beginning. */
  after: z.string().optional(),
});

/** What is asked of the function that verifies; it answers with a ShardReport, or a FindableReport. */
export type VerifyRequest = Omit<z.infer<typeof request>, "shard"> & { readonly shard: ShardName };

/** The event of the function is nothing that it is asked for; every problem is in the message. */
export class VerifyRequestInvalidError extends InputError {
  constructor(found: readonly string[]) {
    super(`The request is not usable: ${found.join("; ")}.`, "Use `npm run verify`.");
  }
}

/** Throws VerifyRequestInvalidError, also for a shard that the stack does not have. */
export function parseVerifyRequest(event: unknown, shards: readonly ShardName[]): VerifyRequest {
  const parsed = request.safeParse(event);
  if (!parsed.success) throw new VerifyRequestInvalidError(problems(parsed.error));
  const shard = shards.find((one) => one === parsed.data.shard);
  if (shard === undefined) throw new VerifyRequestInvalidError([`shard: it is one of ${shards.join(", ")}`]);
  return { ...parsed.data, shard };
}
