import { hash } from "node:crypto";
import * as z from "zod";
import type { ShardName } from "../../../contract/collections.ts";
import { type DocumentRef, documentModel } from "../../documents/documents.ts";
import { problems } from "../../text/problems.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";

/**
 * `overlay`: there is much above the base. `age`: some of it has been there for long. `repair`: nothing can be put above the
 * head, or the vectors of some documents are in the base alone.
 */
export const foldReasons = ["overlay", "age", "repair"] as const;
export type FoldReason = (typeof foldReasons)[number];

/** A request for a fold of a shard. The fold itself checks whether there is work. */
export interface FoldRequest {
  readonly shard: ShardName;
  readonly reason: FoldReason;
  /** The base or the head that was found so: another one is another request. */
  readonly found: string | null;
  /** Documents whose vectors in the base have to show what is known. */
  readonly documents?: readonly DocumentRef[];
}

const body = z.object({
  shard: z.string(),
  reason: z.enum(foldReasons),
  found: z.string().nullable(),
  /** Stored name of its documents. */
  receipts: z.array(z.object(documentModel.storedShape)).default([]),
});

/** A message of the queue of folds is no request. */
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

/** Equal requests are one for the five minutes in which SQS drops what is sent again. */
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
  if (shard === undefined) throw new FoldRequestInvalidError(`${parsed.data.shard} is no shard of the stack`);
  return {
    shard,
    reason,
    found,
    documents: receipts.map(documentModel.ofStored),
  };
}
