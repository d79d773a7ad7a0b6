import { hash } from "node:crypto";
import * as z from "zod";
import type { ShardName } from "../../../contract/collections.ts";
import { type DocumentRef, documentModel } from "../../documents/documents.ts";
import { problems } from "../../text/problems.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";

/**
 * `overlay`: the overlay is large. `age`: the overlay is old. `repair`: nothing can be published above the head, or
 * only the base has the vectors of some documents.
 */
export const foldReasons = ["overlay", "age", "repair"] as const;
export type FoldReason = (typeof foldReasons)[number];

/** A request for a fold of a shard. The fold itself checks whether there is work. */
export interface FoldRequest {
  readonly shard: ShardName;
  readonly reason: FoldReason;
  /** The base or head that the requester saw. Part of the deduplication id, so that a later one makes a new request. */
  readonly found: string | null;
  /** Documents whose vectors in the base must be updated. */
  readonly documents?: readonly DocumentRef[];
}

const body = z.object({
  shard: z.string(),
  reason: z.enum(foldReasons),
  found: z.string().nullable(),
  /** Stored names of the documents. */
  receipts: z.array(z.object(documentModel.storedShape)).default([]),
});

/** A message of the fold queue is not a valid request. */
export class FoldRequestInvalidError extends VectorkeepError {
  constructor(found: string) {
    super(
      `The message is not a fold request: ${found}.`,
      "Only compaction and the sweeper send to this queue.",
    );
  }
}

export function foldRequestText({ shard, reason, found, documents = [] }: FoldRequest): string {
  const refs = documents.map(documentModel.toStored);
  return JSON.stringify({ shard, reason, found, ...(refs.length > 0 && { receipts: refs }) });
}

/** The deduplication id: SQS drops equal requests within five minutes. */
export function foldRequestId(request: FoldRequest): string {
  return hash("sha256", foldRequestText(request));
}

/** Throws FoldRequestInvalidError, also for a shard that the stack does not have. */
export function parseFoldRequest(text: string, shards: readonly ShardName[]): FoldRequest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FoldRequestInvalidError((error as Error).message);
  }
  const parsed = body.safeParse(value);
  if (!parsed.success) throw new FoldRequestInvalidError(problems(parsed.error).join("; "));
  const { reason, found, receipts } = parsed.data;
  const shard = shards.find((one) => one === parsed.data.shard);
  if (shard === undefined)
    throw new FoldRequestInvalidError(`${parsed.data.shard} is not a shard of the stack`);
  return {
    shard,
    reason,
    found,
    documents: receipts.map(documentModel.ofStored),
  };
}
