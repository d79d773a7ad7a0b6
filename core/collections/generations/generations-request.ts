import * as z from "zod";
import type { ShardName } from "../../../contract/collections.ts";
import { problems } from "../../text/problems.ts";
import { InputError } from "../../vectorkeep-error.ts";

/** What operators may request of the function that reaches the generations. */
const request = z.discriminatedUnion("operation", [
  z.object({ operation: z.literal("list"), shard: z.string() }),
  z.object({ operation: z.literal("restore"), shard: z.string(), generation: z.int().min(1) }),
  z.object({
    operation: z.literal("rebuild"),
    shard: z.string(),
    /** The name of the rebuild, from the response to its previous part. */
    rebuild: z.string().optional(),
  }),
]);
/** The request of the schedule; it applies to all shards. */
const checkRequest = z.object({ operation: z.literal("check") });

export type GenerationsRequest = z.infer<typeof request>;
type Checked<Request> = Request extends unknown
  ? Omit<Request, "shard"> & { readonly shard: ShardName }
  : never;

export const listAnswer = z.object({
  generations: z.array(
    z.object({
      generation: z.int(),
      name: z.string(),
      head: z.boolean(),
      facts: z
        .object({
          written_at: z.string(),
          vectors: z.int(),
          bytes: z.int(),
          database: z.string().nullable().default(null),
          segments: z.int().default(0),
          base: z.string().nullable(),
          restored: z.string().nullable(),
          rebuilt: z.boolean(),
          receipts: z.int(),
        })
        .nullable(),
    }),
  ),
});

export const restoreAnswer = z.object({
  /** The new generation, and the older one whose content it has. */
  generation: z.int(),
  name: z.string(),
  content: z.string(),
  /** Documents that the next cycles bring up to date again. */
  receipts: z.int(),
  /** Newer generations without a readable list of the documents that they changed. */
  silent: z.array(z.string()),
});

export const rebuildAnswer = z.discriminatedUnion("state", [
  z.object({ state: z.literal("unfinished"), rebuild: z.string(), done: z.int(), known: z.int() }),
  z.object({
    state: z.literal("published"),
    rebuild: z.string(),
    generation: z.int(),
    name: z.string(),
    receipts: z.int(),
    vectors: z.int(),
    /** The number of documents that could not be read from their deltas, and the first few with the reason. */
    left_out: z.int(),
    named: z.array(z.string()),
  }),
]);

export const checkAnswer = z.object({
  shards: z.array(z.object({ shard: z.string(), head: z.string() })),
});

export type RebuildAnswer = z.infer<typeof rebuildAnswer>;
export type CheckAnswer = z.infer<typeof checkAnswer>;
export type ListAnswer = z.infer<typeof listAnswer>;
export type RestoreAnswer = z.infer<typeof restoreAnswer>;

/** The function's event is not a valid request. The message lists every problem. */
export class GenerationsRequestInvalidError extends InputError {
  constructor(found: readonly string[]) {
    super(`The request is invalid: ${found.join("; ")}.`, "Use `npm run generations`.");
  }
}

/** Throws GenerationsRequestInvalidError, also for a shard that the stack does not have. */
export function parseGenerationsRequest(
  event: unknown,
  shards: readonly ShardName[],
): Checked<GenerationsRequest> | z.infer<typeof checkRequest> {
  const check = checkRequest.safeParse(event);
  if (check.success) return check.data;
  const parsed = request.safeParse(event);
  if (!parsed.success) throw new GenerationsRequestInvalidError(problems(parsed.error));
  const shard = shards.find((one) => one === parsed.data.shard);
  if (shard === undefined) {
    throw new GenerationsRequestInvalidError([`shard: must be one of ${shards.join(", ")}`]);
  }
  return { ...parsed.data, shard };
}
