import type { ShardName } from "../../contract/collections.ts";
import { type FindableReport, findableReport, joinedFindable } from "../../core/findable/report.ts";
import { inParallel } from "../../core/resilience/in-parallel.ts";
import type { VerifyRequest } from "../../core/verify/request.ts";
import { describe } from "../command.ts";
import { invokeFunction } from "../invoke-function.ts";
import type { Screen } from "../screen.ts";
import type { Answered } from "./answered.ts";
import { inParts } from "./in-parts.ts";

const shardsAtOnce = 2;
const tellEveryMs = 1_000;

export type Findable = NonNullable<VerifyRequest["findable"]>;
export type Ask = (request: VerifyRequest) => Promise<FindableReport>;

/** Searches for the vectors of each shard, in as many invocations as the function's time limit requires. */
export async function askShards(
  functionName: string,
  shards: readonly ShardName[],
  findable: Findable,
  screen: Screen,
): Promise<Answered[]> {
  const ask: Ask = (request) => invokeFunction(functionName, request, findableReport);
  const asked = new Map<ShardName, number>();
  const answered = new Map<ShardName, Answered>();
  const telling = setInterval(() => {
    const so = [...asked.values()].reduce((sum, one) => sum + one, 0);
    const line = `Searching: ${answered.size} of ${shards.length} shards, ${so} vectors so far`;
    screen.status([line], line);
  }, tellEveryMs);
  try {
    await inParallel(shards, shardsAtOnce, async (shard) => {
      const onPart = (report: FindableReport) => asked.set(shard, report.asked);
      answered.set(shard, await askWhole(ask, shard, findable, onPart));
    });
  } finally {
    clearInterval(telling);
  }
  return shards.flatMap((shard) => answered.get(shard) ?? []);
}

/** Combines all parts of a shard into one report. A failure is a result too, so that the other shards continue. */
export async function askWhole(
  ask: Ask,
  shard: ShardName,
  findable: Findable,
  onPart: (soFar: FindableReport) => void,
): Promise<Answered> {
  const part = (after: string | undefined) =>
    ask({ shard, numbers: false, findable, ...(after !== undefined && { after }) });
  try {
    return { shard, report: await inParts(part, joinedFindable, onPart) };
  } catch (error) {
    return { shard, problem: describe(error) };
  }
}
