import type { ShardName } from "../../contract/collections.ts";
import { type Finding, isClean, type ShardReport } from "../../core/verify/report.ts";

/** The result of comparing one shard: its report or its error. */
export type Looked =
  | { readonly shard: ShardName; readonly report: ShardReport }
  | {
      readonly shard: ShardName;
      readonly problem: string;
      /** The published generation cannot be opened, so the shard must be rebuilt before it can be compared. */
      readonly corrupt: boolean;
    };

export type Verdict = "clean" | "differs" | "untold";

export const exitCodes: Readonly<Record<Verdict, number>> = { clean: 0, differs: 1, untold: 2 };

/** A difference in one shard is certain, even if another shard could not be compared. */
export function verdictOf(looked: readonly Looked[]): Verdict {
  if (reportsOf(looked).some((report) => !isClean(report))) return "differs";
  return looked.some((one) => "problem" in one) ? "untold" : "clean";
}

/** The verdict of two checks: a difference is certain, even if the other check could not run. */
export function worse(one: Verdict, other: Verdict): Verdict {
  return (["differs", "untold", "clean"] as const).find((verdict) => [one, other].includes(verdict)) ?? one;
}

export function corruptOf(looked: readonly Looked[]): ShardName[] {
  return looked.flatMap((one) => ("corrupt" in one && one.corrupt ? [one.shard] : []));
}

export function reportsOf(looked: readonly Looked[]): ShardReport[] {
  return looked.flatMap((one) => ("report" in one ? [one.report] : []));
}

export function findingsOf(looked: readonly Looked[]): Finding[] {
  return reportsOf(looked).flatMap(({ findings }) => findings);
}
