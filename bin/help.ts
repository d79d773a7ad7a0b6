import { nearestWord } from "../infra/settings/nearest.ts";
import { commands } from "./commands.ts";

export function helpText(): string {
  const names = Object.keys(commands);
  const width = Math.max(...names.map((name) => name.length));
  const lines = Object.entries(commands).map(([name, { says }]) => `  ${name.padEnd(width)}  ${says}`);
  return [
    "Keeps vector indexes in step with operational data on AWS.",
    "",
    "  npx vectorkeep COMMAND [...]",
    "",
    ...lines,
    "",
    "Each has --help. --stack NAME selects a deployed stack; the default is the local one.",
    "",
  ].join("\n");
}

/** The command that a mistyped name most likely means. */
export function nearestCommand(name: string): string | undefined {
  return nearestWord(name, Object.keys(commands));
}
