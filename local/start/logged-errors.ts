import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { z } from "zod";
import { terminalText } from "../../cli/terminal-text.ts";

const shown = 5;
const errorLine = z.object({ level: z.literal("ERROR"), message: z.string() });

/** The first few different errors that the functions logged, with the log group of each. */
export async function loggedErrors(
  logs: CloudWatchLogsClient,
  logGroups: readonly string[],
): Promise<string[]> {
  const found = new Set<string>();
  for (const logGroupName of logGroups) {
    const { events = [] } = await logs.send(
      new FilterLogEventsCommand({ logGroupName, filterPattern: "ERROR" }),
    );
    for (const { message = "" } of events) {
      const line = errorOf(message);
      if (line !== undefined) found.add(terminalText(`${logGroupName}: ${line}`));
    }
  }
  return [...found].slice(0, shown);
}

function errorOf(text: string): string | undefined {
  try {
    return errorLine.safeParse(JSON.parse(text)).data?.message;
  } catch {
    return text.includes("Error") ? text.trim().split("\n", 1)[0] : undefined;
  }
}
