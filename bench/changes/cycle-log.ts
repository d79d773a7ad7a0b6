import { FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { z } from "zod";
import type { BenchStack } from "../bench-stack.ts";

/** What compaction's log says of its cycles. */
export interface CycleTotals {
  /** Those that acknowledged messages, whether or not they had something to publish. */
  readonly cycles: number;
  readonly generations: number;
  /** Acknowledged by all of them. */
  readonly messages: number;
  /** Seconds by step, without the wait for the lease: that runs beside another cycle. */
  readonly seconds: ReadonlyMap<string, number>;
}

const line = z.object({
  message: z.string(),
  /** ISO, with milliseconds. */
  timestamp: z.string(),
  function_request_id: z.string(),
  step: z.string().default(""),
  done: z.int().default(0),
});

/** The lines that compaction logged of the words since a moment of the wall clock. */
export async function cycleLines({ logs, outputs }: BenchStack, since: number): Promise<string[]> {
  const lines: string[] = [];
  let nextToken: string | undefined;
  do {
    const answer = await logs.send(
      new FilterLogEventsCommand({
        logGroupName: outputs.logGroups.compaction,
        filterPattern: '{ $.shard = "words" }',
        startTime: since,
        nextToken,
      }),
    );
    lines.push(...(answer.events ?? []).map(({ message = "" }) => message));
    nextToken = answer.nextToken;
  } while (nextToken !== undefined);
  return lines;
}

export function cycleTotals(lines: readonly string[]): CycleTotals {
  const said = lines.map((text) => line.parse(JSON.parse(text)));
  const byCycle = Map.groupBy(said, ({ function_request_id }) => function_request_id);
  const cycles = [...byCycle.values()].filter((cycle) => cycle.some(({ done }) => done > 0));
  const seconds = new Map<string, number>();
  for (const cycle of cycles) {
    cycle.forEach(({ step, timestamp }, position) => {
      const next = cycle[position + 1];
      if (step === "" || step === "lease" || next === undefined) return;
      const took = (Date.parse(next.timestamp) - Date.parse(timestamp)) / 1_000;
      seconds.set(step, (seconds.get(step) ?? 0) + took);
    });
  }
  return {
    cycles: cycles.length,
    generations: said.filter(({ message }) => message === "Generation published").length,
    messages: said.reduce((sum, { done }) => sum + done, 0),
    seconds,
  };
}
