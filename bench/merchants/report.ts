import { isSameCompany } from "./same-company.ts";

/** The outcome of one receipt. */
export interface Outcome {
  readonly receipt: string;
  /** By its key. */
  readonly company: string;
  /** Absent where no merchant was resolved. */
  readonly resolved: string | undefined;
  /** Of what a person is asked about. */
  readonly proposed: string | undefined;
  readonly evidence: string;
}

/** Outcomes of the same receipts by the same sources. */
export interface Measured {
  readonly name: string;
  readonly outcomes: readonly Outcome[];
  /** What the project promises; undefined where it promises nothing. */
  readonly wanted?: { readonly precision: number; readonly coverage: number };
}

export interface Figures {
  readonly receipts: number;
  readonly resolved: number;
  readonly right: number;
  /** 1 where none was resolved. */
  readonly precision: number;
  readonly coverage: number;
}

export function figuresOf(outcomes: readonly Outcome[]): Figures {
  const resolved = outcomes.filter((one) => one.resolved !== undefined);
  const right = resolved.filter(isRight).length;
  return {
    receipts: outcomes.length,
    resolved: resolved.length,
    right,
    precision: resolved.length === 0 ? 1 : right / resolved.length,
    coverage: outcomes.length === 0 ? 0 : resolved.length / outcomes.length,
  };
}

/** Whether the figures reach what is promised. */
export function passes({ outcomes, wanted }: Measured): boolean {
  const { precision, coverage } = figuresOf(outcomes);
  return wanted === undefined || (precision >= wanted.precision && coverage >= wanted.coverage);
}

export function tableLines(all: readonly Measured[]): string[] {
  const rows = all.map((measured) => {
    const { receipts, resolved, right, precision, coverage } = figuresOf(measured.outcomes);
    const proposed = measured.outcomes.filter((one) => one.proposed !== undefined).length;
    const { wanted } = measured;
    return [
      measured.name,
      ...[receipts, resolved, right, proposed].map(String),
      precision.toFixed(3),
      coverage.toFixed(3),
      wanted ? `>= ${wanted.precision} / ${wanted.coverage}${passes(measured) ? "" : "  MISSED"}` : "",
    ];
  });
  const head = ["sources", "receipts", "resolved", "right", "proposed", "precision", "coverage", "wanted"];
  const widths = head.map((_, at) => Math.max(...[head, ...rows].map((row) => row[at]?.length ?? 0)));
  const align = (row: readonly string[]) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join("  ");
  return [head, ...rows].map((row) => align(row).trimEnd());
}

/** Each wrong and each missing merchant. */
export function missLines({ name, outcomes }: Measured): string[] {
  return outcomes
    .filter((one) => !isRight(one))
    .map(({ receipt, company, resolved, proposed, evidence }) => {
      const found = resolved === undefined ? `proposed ${proposed ?? "none"}` : `WRONG ${resolved}`;
      return `${name}: ${receipt}: ${company}: ${found} (${evidence})`;
    });
}

function isRight({ resolved, company }: Outcome): boolean {
  return resolved !== undefined && isSameCompany(resolved, company);
}
