import { type Checked, type Finding, type Status, statusOf } from "../../core/doctor/check.ts";
import { terminalText } from "../terminal-text.ts";

const verdicts: Record<Status, string> = {
  ok: "All checks passed.",
  warn: "All checks passed, with warnings.",
  fail: "At least one check failed.",
};

/** Formats a line per finding, with the remedy below unless it is ok. */
export function reportLines(checked: readonly Checked[]): string[] {
  const width = Math.max(...checked.map(({ check }) => check.length));
  return [
    ...checked.flatMap(({ check, findings }) =>
      findings.flatMap((finding) => linesOf(check.padEnd(width), finding)),
    ),
    "",
    verdicts[statusOf(checked)],
  ];
}

function linesOf(check: string, { status, says, todo }: Finding): string[] {
  const indent = " ".repeat(check.length + 8);
  const line = `${status.padEnd(4)}  ${check}  ${terminalText(says)}`;
  return todo === undefined ? [line] : [line, `${indent}-> ${terminalText(todo)}`];
}
