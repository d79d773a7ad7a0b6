import type { ShardName } from "../../contract/collections.ts";
import { type MirrorAnswer, mirrorAnswer } from "../../core/mirror/mirror-request.ts";
import { inParallel } from "../../core/resilience/in-parallel.ts";
import { describe } from "../command.ts";
import { invokeFunction } from "../invoke-function.ts";
import { type Column, table } from "../table.ts";
import type { Verdict } from "./looked.ts";
import { section } from "./section.ts";

/** The result of comparing the mirror of one shard, or the reason why there is none. */
export type Mirrored =
  | { readonly shard: ShardName; readonly comparison: NonNullable<MirrorAnswer["comparison"]> }
  | { readonly shard: ShardName; readonly problem: string };

const shardsAtOnce = 2;

/** Compares the mirror of each shard. A failure is a result too, so that the other shards continue. */
export async function askMirrors(
  functionName: string,
  shards: readonly ShardName[],
  verify: "report" | "repair",
): Promise<Mirrored[]> {
  const mirrored = new Map<ShardName, Mirrored>();
  await inParallel(shards, shardsAtOnce, async (shard) => {
    mirrored.set(shard, await askMirror(functionName, shard, verify));
  });
  return shards.flatMap((shard) => mirrored.get(shard) ?? []);
}

async function askMirror(
  functionName: string,
  shard: ShardName,
  verify: "report" | "repair",
): Promise<Mirrored> {
  try {
    const { state, comparison } = await invokeFunction(functionName, { shard, verify }, mirrorAnswer);
    if (comparison) return { shard, comparison };
    const why = state === "busy" ? "another run mirrors the shard; try again" : "the time was up";
    return { shard, problem: why };
  } catch (error) {
    return { shard, problem: describe(error) };
  }
}

/** A difference in one mirror is certain, even if another one could not be compared. */
export function verdictOfMirrors(mirrored: readonly Mirrored[]): Verdict {
  if (comparisonsOf(mirrored).some(({ missing, extra, stale }) => missing + extra + stale > 0))
    return "differs";
  return mirrored.some((one) => "problem" in one) ? "untold" : "clean";
}

const columns: readonly Column[] = [
  { title: "mirror", align: "left" },
  { title: "generation", align: "left" },
  ...["vectors", "missing", "extra", "stale"].map((title) => ({ title, align: "right" as const })),
];

/** Formats a row per shard, the first vectors that differ, and the remedy. */
export function mirrorLines(mirrored: readonly Mirrored[]): string[] {
  const found = comparisonsOf(mirrored);
  const total = found.reduce((sum, { missing, extra, stale }) => sum + missing + extra + stale, 0);
  const named = mirrored.flatMap((one) =>
    "problem" in one ? [] : one.comparison.examples.map((example) => `${one.shard} ${example}`),
  );
  return [
    ...table(columns, mirrored.map(rowOf)),
    ...section(
      "Could not be compared:",
      mirrored.flatMap((one) => ("problem" in one ? [`${one.shard} ${one.problem}`] : [])),
    ),
    ...section("The first that differ from what is published:", named),
    "",
    verdictText(verdictOfMirrors(mirrored), total),
  ];
}

function rowOf(one: Mirrored): string[] {
  if ("problem" in one) return [one.shard, "could not be compared"];
  const { generation, vectors, missing, extra, stale } = one.comparison;
  return [one.shard, generation ?? "none", ...[vectors, missing, extra, stale].map(String)];
}

function verdictText(verdict: Verdict, total: number): string {
  if (verdict === "clean") return "The mirror equals what is published.";
  if (verdict === "untold") return "A mirror could not be compared. docs/runbooks/mirror.md says what to do.";
  return `${total} vectors of the mirror differ from what is published: \`npm run verify -- --mirror --repair\` repairs them.`;
}

function comparisonsOf(mirrored: readonly Mirrored[]) {
  return mirrored.flatMap((one) => ("comparison" in one ? [one.comparison] : []));
}
