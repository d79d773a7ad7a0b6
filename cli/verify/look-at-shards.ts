import type { ShardName } from "../../contract/collections.ts";
import { inParallel } from "../../core/resilience/in-parallel.ts";
import { joined, type ShardReport, shardReport } from "../../core/verify/report.ts";
import type { VerifyRequest } from "../../core/verify/request.ts";
import { describe } from "../command.ts";
import { FunctionFailedError, invokeFunction } from "../invoke-function.ts";
import type { Screen } from "../screen.ts";
import { inParts } from "./in-parts.ts";
import type { Looked } from "./looked.ts";

const shardsAtOnce = 2;
const reportEveryMs = 1_000;

export type Invoke = (request: VerifyRequest) => Promise<ShardReport>;

/** Compares each shard, in as many invocations as the time limit requires. Results are in shard order. */
export async function lookAtShards(
  functionName: string,
  shards: readonly ShardName[],
  { numbers }: { readonly numbers: boolean },
  screen: Screen,
): Promise<Looked[]> {
  const invoke: Invoke = (request) => invokeFunction(functionName, request, shardReport);
  const receipts = new Map<ShardName, number>();
  const looked = new Map<ShardName, Looked>();
  const beganAt = performance.now();
  const tell = () => {
    const so = [...receipts.values()].reduce((sum, one) => sum + one, 0);
    const seconds = Math.round((performance.now() - beganAt) / 1000);
    const line = `Comparing: ${looked.size} of ${shards.length} shards, ${so} receipts so far, ${seconds} s`;
    screen.status([line], line);
  };
  const telling = setInterval(tell, reportEveryMs);
  try {
    await inParallel(shards, shardsAtOnce, async (shard) => {
      const onPart = (report: ShardReport) => receipts.set(shard, report.receipts);
      looked.set(shard, await lookAtShard(invoke, shard, numbers, onPart));
    });
  } finally {
    clearInterval(telling);
  }
  return shards.flatMap((shard) => looked.get(shard) ?? []);
}

/** Compares the name of the error class, because the error comes from a function. */
function isCorruption(error: unknown): boolean {
  return error instanceof FunctionFailedError && error.type === "GenerationCorruptError";
}

/** Combines all parts of a shard into one report. A failure is a result too, so that the other shards continue. */
export async function lookAtShard(
  invoke: Invoke,
  shard: ShardName,
  numbers: boolean,
  onPart: (soFar: ShardReport) => void,
): Promise<Looked> {
  try {
    const part = (after: string | undefined) =>
      invoke({ shard, numbers, ...(after !== undefined && { after }) });
    return { shard, report: await inParts(part, joined, onPart) };
  } catch (error) {
    return { shard, problem: describe(error), corrupt: isCorruption(error) };
  }
}
