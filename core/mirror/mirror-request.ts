import * as z from "zod";
import type { ShardName } from "../../contract/collections.ts";
import { problems } from "../text/problems.ts";
import { InputError } from "../vectorkeep-error.ts";

const request = z.object({
  shard: z.string(),
  /** Compares the mirror with what is published, and repairs it if asked; absent to replay what is new. */
  verify: z.enum(["report", "repair"]).optional(),
});

export interface MirrorRequest {
  readonly shard: ShardName;
  readonly verify: "report" | "repair" | undefined;
}

const count = z.int().min(0);

/** The response of the mirror function. `busy`: another process holds the lease of the mirror. */
export const mirrorAnswer = z.object({
  shard: z.string(),
  state: z.enum(["current", "behind", "nothing", "busy"]),
  /** Number of generations that were replayed. */
  replayed: count,
  /** Present if the whole mirror was compared. */
  comparison: z
    .object({
      /** Null if nothing is published. */
      generation: z.string().nullable(),
      /** Number of published vectors. */
      vectors: count,
      missing: count,
      extra: count,
      stale: count,
      examples: z.array(z.string()),
    })
    .optional(),
});

export type MirrorAnswer = z.infer<typeof mirrorAnswer>;

/** The function's event is not a valid request. The message lists every problem. */
export class MirrorRequestInvalidError extends InputError {
  constructor(found: readonly string[]) {
    super(`The request is invalid: ${found.join("; ")}.`, "Use `npm run verify -- --mirror`.");
  }
}

/** Throws MirrorRequestInvalidError, also for a shard that the stack does not have. */
export function parseMirrorRequest(event: unknown, shards: readonly ShardName[]): MirrorRequest {
  const parsed = request.safeParse(event);
  if (!parsed.success) throw new MirrorRequestInvalidError(problems(parsed.error));
  const shard = shards.find((one) => one === parsed.data.shard);
  if (shard === undefined)
    throw new MirrorRequestInvalidError([`shard: must be one of ${shards.join(", ")}`]);
  return { shard, verify: parsed.data.verify };
}
