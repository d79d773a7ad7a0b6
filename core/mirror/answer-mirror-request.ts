import { CollectionBusyError } from "../collections/lease/under-lease.ts";
import { errorFields } from "../log.ts";
import type { MirrorAnswer, MirrorRequest } from "./mirror-request.ts";
import { type MirrorDeps, mirrorShard } from "./mirror-shard.ts";

/** Answers a request of the schedule or of an operator. A run that finds another one at work leaves the work to it. */
export async function answerMirrorRequest(
  deps: MirrorDeps,
  { shard, verify }: MirrorRequest,
): Promise<MirrorAnswer> {
  try {
    const { state, replayed, comparison } = await mirrorShard(deps, verify ?? "ifNeeded");
    if (comparison === undefined) return { shard, state, replayed };
    const { head, examples, ...counts } = comparison;
    return {
      shard,
      state,
      replayed,
      comparison: { generation: head?.name ?? null, ...counts, examples: [...examples] },
    };
  } catch (error) {
    if (!(error instanceof CollectionBusyError)) throw error;
    deps.log.info("Another process mirrors the shard", { shard, ...errorFields(error) });
    return { shard, state: "busy", replayed: 0 };
  }
}
