import type { ShardName } from "../../contract/collections.ts";
import { type FindableReport, recallText } from "../../core/findable/report.ts";
import { type Column, table } from "../table.ts";
import type { Verdict } from "./looked.ts";
import { section } from "./section.ts";

/** The result of searching for the vectors of one shard: its report or its error. */
export type Answered =
  | { readonly shard: ShardName; readonly report: FindableReport }
  | { readonly shard: ShardName; readonly problem: string };

/** A miss in one shard is certain, even if another shard could not be searched. */
export function verdictOfAnswers(answered: readonly Answered[]): Verdict {
  if (reportsOf(answered).some(({ not_found }) => not_found > 0)) return "differs";
  return answered.some((one) => "problem" in one) ? "untold" : "clean";
}

const columns: readonly Column[] = [
  { title: "shard", align: "left" },
  { title: "generation", align: "left" },
  { title: "search", align: "left" },
  ...["vectors", "searched", "found", "recall"].map((title) => ({ title, align: "right" as const })),
];

/** Formats a row per shard, the missing vectors and the remedy. The seed identifies a sample. */
export function answerLines(answered: readonly Answered[], seed: string | undefined): string[] {
  const reports = reportsOf(answered);
  const missed = reports.flatMap(({ shard, missed: own }) =>
    own.map(({ id, why }) => `${shard} ${id}: ${why}`),
  );
  const total = reports.reduce((sum, { not_found }) => sum + not_found, 0);
  return [
    ...table(columns, answered.map(rowOf)),
    ...(seed === undefined
      ? []
      : [`The seed of the sample is ${seed}: \`--seed ${seed}\` samples the same vectors.`]),
    ...section(
      "Could not be searched:",
      answered.flatMap((one) => ("problem" in one ? [`${one.shard} ${one.problem}`] : [])),
    ),
    ...section("Not found by their own numbers:", missed, total),
    "",
    verdictOfAnswersText(answered, total),
  ];
}

function rowOf(one: Answered): string[] {
  if (!("report" in one)) return [one.shard, "could not be searched"];
  const { shard, report } = one;
  const { generation, exact, vectors, asked, found } = report;
  const answers = exact ? "exact" : "approximate";
  return [shard, generation ?? "none", answers, ...[vectors, asked, found].map(String), recallText(report)];
}

function verdictOfAnswersText(answered: readonly Answered[], total: number): string {
  const reports = reportsOf(answered);
  const asked = reports.reduce((sum, report) => sum + report.asked, 0);
  const verdict = verdictOfAnswers(answered);
  if (verdict === "clean") return `Each of ${asked} vectors is found by its own numbers.`;
  if (verdict === "untold")
    return `Each of ${asked} vectors is found by its own numbers, and the rest could not be searched.`;
  const missing = reports.filter(({ not_found }) => not_found > 0);
  const what = `${total} of ${asked} vectors are not found by their own numbers`;
  return missing.some(({ exact }) => !exact)
    ? `${what}: raise query:exactVectors or compaction:collectionShards, so that no approximate index is used. docs/runbooks/vectors-not-found.md says how.`
    : `${what}: docs/runbooks/vectors-not-found.md says what to do.`;
}

function reportsOf(answered: readonly Answered[]): FindableReport[] {
  return answered.flatMap((one) => ("report" in one ? [one.report] : []));
}
