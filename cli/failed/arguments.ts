import { readCommandLine, UsageWrongError } from "../command.ts";

export interface Asked {
  readonly help: boolean;
  /** Names of sources; empty for all. */
  readonly names: readonly string[];
  readonly operation: "list" | "retry" | "purge" | "superseded";
  /** Seconds that a retry waits for the outcome of its messages. */
  readonly waitSeconds: number;
  /** How many days back superseded exports are listed. */
  readonly days: number;
  readonly yes: boolean;
  readonly json: boolean;
  readonly stack: string | undefined;
}

const script = "failed";
const maxWaitSeconds = 3_600;
const usualWaitSeconds = 300;
/** One day of logs is read within seconds. Messages are kept for less than the maximum. */
const usualDays = 1;
const maxDays = 30;

/** Throws UsageWrongError. */
export function readArguments(args: readonly string[]): Asked {
  const { values, positionals } = readCommandLine(script, {
    args: [...args],
    allowPositionals: true,
    options: {
      retry: { type: "boolean", default: false },
      purge: { type: "boolean", default: false },
      superseded: { type: "boolean", default: false },
      wait: { type: "string" },
      days: { type: "string" },
      yes: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      stack: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const { retry, purge, superseded, wait, days, yes, json, stack, help } = values;
  if ([retry, purge, superseded].filter(Boolean).length > 1)
    throw new UsageWrongError(script, "Use one of --retry, --purge and --superseded.");
  if (yes && !purge) throw new UsageWrongError(script, "--yes is only for --purge.");
  if (wait !== undefined && !retry) throw new UsageWrongError(script, "--wait is only for --retry.");
  if (superseded && positionals.length > 0) throw new UsageWrongError(script, "--superseded takes no NAME.");
  if (days !== undefined && !superseded)
    throw new UsageWrongError(script, "--days is only for --superseded.");
  const operation = retry ? "retry" : purge ? "purge" : superseded ? "superseded" : "list";
  return {
    help,
    names: [...new Set(positionals)],
    operation,
    waitSeconds: wait === undefined ? usualWaitSeconds : secondsOf(wait),
    days: days === undefined ? usualDays : daysOf(days),
    yes,
    json,
    stack,
  };
}

function secondsOf(wait: string): number {
  if (/^\d{1,4}$/.test(wait) && Number(wait) <= maxWaitSeconds) return Number(wait);
  throw new UsageWrongError(script, `--wait is a whole number of seconds up to ${maxWaitSeconds}.`);
}

function daysOf(days: string): number {
  if (/^[1-9]\d?$/.test(days) && Number(days) <= maxDays) return Number(days);
  throw new UsageWrongError(script, `--days is a whole number from 1 to ${maxDays}.`);
}

/** Returns the named sources, or all. Throws UsageWrongError for an unknown name, with the known ones. */
export function sourcesMeant<Source extends { readonly name: string }>(
  { names }: Pick<Asked, "names">,
  sources: readonly Source[],
): Source[] {
  const unknown = names.filter((name) => !sources.some((source) => source.name === name));
  if (unknown.length > 0) {
    const there = sources.map(({ name }) => name).join(", ");
    throw new UsageWrongError(script, `This stack has no ${unknown.join(", ")}. It has: ${there}.`);
  }
  return sources.filter(({ name }) => names.length === 0 || names.includes(name));
}
