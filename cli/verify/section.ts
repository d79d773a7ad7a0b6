import { terminalLines } from "../terminal-text.ts";

const linesShown = 20;

/** Formats a title, the first lines and the number of the others. Empty if there are no lines. */
export function section(title: string, lines: readonly string[], total = lines.length): string[] {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, linesShown);
  const more = total - shown.length;
  const rest = more > 0 ? [`  and ${more} more; --json lists them`] : [];
  return ["", title, ...shown.map((line) => `  ${terminalLines(line)}`), ...rest];
}
