import { Arguments } from "./arguments.ts";

export const sinkNames = ["chroma", "null"] as const;
export type SinkName = (typeof sinkNames)[number];

export interface BenchOptions {
  readonly help: boolean;
  readonly records: number;
  readonly rounds: number;
  readonly sinks: readonly SinkName[];
  /** Whether the deployed local stack is measured too. */
  readonly stack: boolean;
}

export const usage = `npm run bench -- [options]

Embeds and stores short texts by Vectorkeep's own path, by a bare loop and by two peers, and compares them.

  --sink chroma|null|stack|all  where the vectors go: a Chroma server, a server that only acknowledges, the deployed
                                local stack (no comparison), or each in turn (all)
  --records N                   texts (20000)
  --rounds N                    rounds, in rotated order (5)
  --help                        this text

Ends with code 1 where a target is missed or a contender stored something else than the others.`;

const command = new Arguments("bench");

/** Throws BadArgumentsError. */
export function benchOptions(args: readonly string[]): BenchOptions {
  const { help, records, rounds, sink } = command.parse(args, {
    help: { type: "boolean", default: false },
    records: { type: "string", default: "20000" },
    rounds: { type: "string", default: "5" },
    sink: { type: "string", default: "all" },
  });
  if (!["chroma", "null", "stack", "all"].includes(sink)) throw command.bad(`There is no sink ${sink}`);
  return {
    help,
    records: command.wholeNumber("records", records),
    rounds: command.wholeNumber("rounds", rounds),
    sinks: sinkNames.filter((name) => sink === name || sink === "all"),
    stack: sink === "stack" || sink === "all",
  };
}
