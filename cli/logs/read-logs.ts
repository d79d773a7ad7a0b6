import { type CloudWatchLogsClient, paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import { UsageWrongError } from "../command.ts";
import type { StackOutputs } from "../target.ts";
import type { Asked } from "./arguments.ts";

export interface LogLine {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Name of the log group in the stack's outputs. */
  readonly group: string;
  readonly message: string;
}

type Filter = Pick<Asked, "groups" | "image" | "code" | "errors" | "since">;

/** The maximum pages per group; a stack that logs more needs a shorter time range. */
const maxPages = 50;

/** Returns the lines since `since` that match the filter, oldest first. Throws UsageWrongError for an unknown group. */
export async function readLogs(
  client: CloudWatchLogsClient,
  outputs: Pick<StackOutputs, "logGroups" | "catchUp" | "added">,
  filter: Filter,
): Promise<LogLine[]> {
  const groups = groupsOf(outputs, filter.groups);
  const lines = await Promise.all(
    Array.from(groups, ([group, logGroupName]) => readGroup(client, group, logGroupName, filter)),
  );
  return lines.flat().sort((one, other) => one.at - other.at);
}

/**
 * Returns the physical names of log groups by their names in the stack's outputs; those of catch-up are `catchUp.api`
 * and so on.
 */
export function groupsOf(
  { logGroups, catchUp, added }: Pick<StackOutputs, "logGroups" | "catchUp" | "added">,
  wanted: readonly string[],
): Map<string, string> {
  const known = new Map<string, string>();
  for (const [name, group] of Object.entries(logGroups)) if (group !== undefined) known.set(name, group);
  for (const [name, group] of Object.entries(catchUp?.logGroups ?? {})) known.set(`catchUp.${name}`, group);
  for (const [name, { logGroup }] of Object.entries(added ?? {})) known.set(name, logGroup);
  if (wanted.length === 0) return known;
  return new Map(
    wanted.map((name) => {
      const group = known.get(name);
      if (group === undefined) {
        throw new UsageWrongError(
          "logs",
          `There is no function ${name}; there are ${[...known.keys()].join(", ")}.`,
        );
      }
      return [name, group];
    }),
  );
}

async function readGroup(
  client: CloudWatchLogsClient,
  group: string,
  logGroupName: string,
  { image, code, errors, since: startTime }: Filter,
): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  let pages = 0;
  // One term finds all lines about an image: the field image_id, a key of a receipt, an S3 key.
  const pattern = image ?? code;
  const query = { logGroupName, startTime, ...(pattern && { filterPattern: `"${pattern}"` }) };
  for await (const { events = [] } of paginateFilterLogEvents({ client }, query)) {
    for (const { timestamp: at = 0, message = "" } of events) {
      if (passes(message, { code, errors })) lines.push({ at, group, message });
    }
    pages += 1;
    if (pages === maxPages) break;
  }
  return lines;
}

function passes(message: string, { code, errors }: Pick<Filter, "code" | "errors">): boolean {
  if (code !== undefined && !message.includes(`"${code}"`)) return false;
  return !errors || /"level":"(WARN|ERROR|CRITICAL)"|Task timed out|Runtime exited/.test(message);
}
