import type { ShardName } from "../../core/receipts/shards.ts";
import { type Finding, isClean, type ShardReport } from "../../core/verify/report.ts";

/** What came of looking at one shard: its report, or why there is none. */
export type Looked =
  | { readonly shard: ShardName; readonly report: ShardReport }
  | {
      readonly shard: ShardName;
      readonly problem: string;
      /** Its published generation cannot be opened, so that it has to be rebuilt before it can be compared. */
      readonly damaged: boolean;
    };

export type Verdict = "clean" | "differs" | "untold";

export const exitCodes: Readonly<Record<Verdict, number>> = { clean: 0, differs: 1, untold: 2 };

/** What differs in one shard is certain whatever could not be told of another. */
export function verdictOf(looked: readonly Looked[]): Verdict {
  if (reportsOf(looked).some((report) => !isClean(report))) return "differs";
  return looked.some((one) => "problem" in one) ? "untold" : "clean";
}

/** Of two checks together: what is wrong is certain whatever could not be told. */
export function worse(one: Verdict, other: Verdict): Verdict {
  return (["differs", "untold", "clean"] as const).find((verdict) => [one, other].includes(verdict)) ?? one;
}

export function corruptOf(looked: readonly Looked[]): ShardName[] {
  return looked.flatMap((one) => ("damaged" in one && one.damaged ? [one.shard] : []));
}

export function reportsOf(looked: readonly Looked[]): ShardReport[] {
  return looked.flatMap((one) => ("report" in one ? [one.report] : []));
}

export function findingsOf(looked: readonly Looked[]): Finding[] {
  return reportsOf(looked).flatMap(({ findings }) => findings);
}
