import { type CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";

/** What the REPORT lines of a function's invocations say. */
export interface FunctionReport {
  readonly invocations: number;
  readonly billedSeconds: number;
  /** The most that one process had. */
  readonly peakMegabytes: number;
}

const form = /Billed Duration: (\d+) ms.*Max Memory Used: (\d+) MB/s;

/** Of the invocations that ended after `since` (epoch ms). */
export async function functionReport(
  logs: CloudWatchLogsClient,
  logGroupName: string,
  since: number,
): Promise<FunctionReport> {
  const lines: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await logs.send(
      new FilterLogEventsCommand({
        logGroupName,
        filterPattern: "REPORT",
        startTime: since,
        nextToken,
      }),
    );
    lines.push(...(page.events ?? []).map(({ message = "" }) => message));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return reportOf(lines);
}

export function reportOf(lines: readonly string[]): FunctionReport {
  const said = lines.flatMap((line) => {
    const [, billed, memory] = form.exec(line) ?? [];
    return billed === undefined ? [] : [{ billed: Number(billed), memory: Number(memory) }];
  });
  return {
    invocations: said.length,
    billedSeconds: said.reduce((sum, { billed }) => sum + billed, 0) / 1_000,
    peakMegabytes: Math.max(0, ...said.map(({ memory }) => memory)),
  };
}
