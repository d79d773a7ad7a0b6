import { readCommandLine, UsageWrongError } from "../command.ts";

export interface Asked {
  readonly help: boolean;
  /** Sources by name; all of them where none is named. */
  readonly names: readonly string[];
  readonly operation: "list" | "retry" | "purge";
  readonly yes: boolean;
  readonly json: boolean;
  readonly stack: string | undefined;
}

const script = "failed";

/** Throws UsageWrongError. */
export function readArguments(args: readonly string[]): Asked {
  const { values, positionals } = readCommandLine(script, {
    args: [...args],
    allowPositionals: true,
    options: {
      retry: { type: "boolean", default: false },
      purge: { type: "boolean", default: false },
      yes: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      stack: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const { retry, purge, yes, json, stack, help } = values;
  if (retry && purge) throw new UsageWrongError(script, "Say either --retry or --purge.");
  if (yes && !purge) throw new UsageWrongError(script, "--yes answers what --purge asks.");
  const operation = retry ? "retry" : purge ? "purge" : "list";
  return { help, names: [...new Set(positionals)], operation, yes, json, stack };
}

/** Those that are named, or all. Throws UsageWrongError for names that there are not, with those that there are. */
export function sourcesMeant<Source extends { readonly name: string }>(
  { names }: Pick<Asked, "names">,
  sources: readonly Source[],
): Source[] {
  const unknown = names.filter((name) => !sources.some((source) => source.name === name));
  if (unknown.length > 0) {
    const there = sources.map(({ name }) => name).join(", ");
    throw new UsageWrongError(script, `This stack has no ${unknown.join(", ")}, but: ${there}.`);
  }
  return sources.filter(({ name }) => names.length === 0 || names.includes(name));
}
