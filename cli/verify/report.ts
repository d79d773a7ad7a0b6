import { isRepairable } from "../../core/verify/repair.ts";
import type { Finding, ShardReport } from "../../core/verify/report.ts";
import { type Column, table } from "../table.ts";
import { terminalJson } from "../terminal-text.ts";
import type { Answered } from "./answered.ts";
import { exitCodes, findingsOf, type Looked, reportsOf, type Verdict, verdictOf } from "./looked.ts";
import type { Mirrored } from "./mirrors.ts";
import { section } from "./section.ts";

const counted = ["receipts", "vectors", "missing", "extra", "stale", "unknown"] as const;
const columns: readonly Column[] = [
  { title: "shard", align: "left" },
  { title: "generation", align: "left" },
  ...[...counted, "no delta", "failed", "in flight"].map((title) => ({ title, align: "right" as const })),
];

/** Formats one row per shard. */
export function summaryLines(looked: readonly Looked[]): string[] {
  return table(
    columns,
    looked.map((one) => ("report" in one ? rowOf(one.report) : [one.shard, "could not be compared"])),
  );
}

function rowOf(report: ShardReport): string[] {
  const numbers = [
    ...counted.map((key) => report[key]),
    report.without_run + report.without_delta,
    report.failed,
    report.on_their_way,
  ];
  return [report.shard, report.generation ?? "none", ...numbers.map(String)];
}

/** Formats the errors, the differences and what is in flight, the first few of each. */
export function detailLines(looked: readonly Looked[]): string[] {
  const findings = reportsOf(looked).flatMap((report) =>
    report.findings.map((finding) => `${report.shard} ${describe(finding)}`),
  );
  const waiting = reportsOf(looked).flatMap(({ shard, waiting }) => waiting.map((one) => `${shard} ${one}`));
  return [
    ...section(
      "Could not be compared:",
      looked.flatMap((one) => ("problem" in one ? [`${one.shard} ${one.problem}`] : [])),
    ),
    ...section("Differs:", findings),
    ...section("In flight:", waiting),
  ];
}

function describe({ receipt, fault, missing, extra, stale, why, vectors }: Finding): string {
  const counts = Object.entries({ missing, extra, stale })
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${what}`);
  return [`${receipt} ${fault.replaceAll("_", " ")}: ${why ?? counts.join(", ")}`, ...vectors].join(
    "\n      ",
  );
}

/** Formats the verdict and the remedy. */
export function verdictText(looked: readonly Looked[]): string {
  const verdict = verdictOf(looked);
  if (verdict === "clean") {
    const waiting = reportsOf(looked).reduce((sum, { on_their_way }) => sum + on_their_way, 0);
    return waiting === 0
      ? "Every vector is current."
      : `Nothing differs; ${waiting} receipts are in flight: verify again when they are published.`;
  }
  if (verdict === "untold") return "What was compared is current; the rest could not be compared.";
  const findings = findingsOf(looked);
  const repairable = new Set(findings.filter(isRepairable).map(({ receipt }) => receipt)).size;
  const rest = findings.filter((finding) => !isRepairable(finding)).length;
  return [
    repairable > 0 && `${repairable} receipts differ: \`npm run verify -- --repair\` republishes them.`,
    rest > 0 &&
      `${rest} have vectors of unknown receipts: they are kept, because they may be the only copy. Export these receipts, or remove them, and verify again.`,
  ]
    .filter((sentence) => sentence !== false)
    .join(" ");
}

/** Rejected rows have no vector. They are not a difference, but no search finds them. */
export function rejectedText(rows: number | undefined): string[] {
  if (rows === 0) return [];
  if (rows === undefined) return ["The number of rejected OCR rows could not be read."];
  return [
    `${rows} OCR rows were rejected and have no vector: \`npm run failed -- rejected-rows\` lists them.`,
  ];
}

/** The result of a verify. */
export interface Outcome {
  readonly verdict: Verdict;
  readonly looked: readonly Looked[];
  readonly rejectedRows: number | undefined;
  /** Only with --findable. */
  readonly findable?: { readonly seed: string; readonly shards: readonly Answered[] } | undefined;
  /** Only with --mirror. */
  readonly mirror?: readonly Mirrored[] | undefined;
}

export function jsonOf({ verdict, looked, rejectedRows, findable, mirror }: Outcome): string {
  return terminalJson({
    verdict,
    exit_code: exitCodes[verdict],
    shards: looked,
    rejected_rows: rejectedRows,
    findable,
    mirror,
  });
}
