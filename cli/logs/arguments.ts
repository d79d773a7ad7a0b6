import { readCommandLine, UsageWrongError } from "../command.ts";

export interface Asked {
  /** Names of the stack's log groups; empty for all. */
  readonly groups: readonly string[];
  readonly image: string | undefined;
  readonly code: string | undefined;
  readonly errors: boolean;
  /** Epoch milliseconds. */
  readonly since: number;
  readonly follow: boolean;
  readonly json: boolean;
  readonly stack: string | undefined;
  readonly help: boolean;
}

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Throws UsageWrongError. `now` is epoch milliseconds. */
export function readArguments(args: string[], now: number): Asked {
  const { values, positionals } = readCommandLine("logs", {
    args,
    allowPositionals: true,
    options: {
      image: { type: "string" },
      code: { type: "string" },
      errors: { type: "boolean", default: false },
      since: { type: "string", default: "1h" },
      follow: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      stack: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const { image, code, errors, follow, json, stack, help } = values;
  const since = now - durationMs(values.since);
  return { groups: positionals, image, code, errors, since, follow, json, stack, help };
}

function durationMs(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return Number(count) * unitMs[unit as keyof typeof unitMs];
  throw new UsageWrongError(
    "logs",
    `--since is a duration as 90s, 15m, 2h or 3d, not ${JSON.stringify(text)}.`,
  );
}
