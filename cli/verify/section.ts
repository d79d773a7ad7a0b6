import { terminalLines } from "../terminal-text.ts";

const linesShown = 20;

/** A title and the first lines, and how many more there are. Nothing where there are none. */
export function section(title: string, lines: readonly string[], total = lines.length): string[] {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, linesShown);
  const more = total - shown.length;
  const rest = more > 0 ? [`  and ${more} more; --json has all that are known`] : [];
  return ["", title, ...shown.map((line) => `  ${terminalLines(line)}`), ...rest];
}
