import { z } from "zod";
import { accountId, region } from "../../protocol/account.ts";
import { AwsError } from "../../protocol/service.ts";
import { readFilterPattern } from "./filter-pattern.ts";
import type { LogEvent, LogGroup, LogStore, LogStream } from "./log-store.ts";

type Output = Record<string, unknown>;
type Action = (store: LogStore, input: unknown) => Output;

const pageOfEvents = 10_000;
const pageOfNames = 50;
const name = z.string().min(1);
const limit = (maximum: number) => z.number().int().min(1).max(maximum).default(maximum);

function action<S extends z.ZodType>(
  schema: S,
  perform: (store: LogStore, input: z.infer<S>) => Output,
): Action {
  return (store, input) => {
    const parsed = schema.safeParse(input);
    if (parsed.success) return perform(store, parsed.data);
    const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new AwsError(400, "InvalidParameterException", problems.join("; "));
  };
}

/** The actions of CloudWatch Logs that the local stack has. */
export const logsActions: Readonly<Record<string, Action>> = {
  CreateLogGroup: action(z.object({ logGroupName: name }), (store, input) => {
    store.createGroup(input.logGroupName);
    return {};
  }),

  CreateLogStream: action(z.object({ logGroupName: name, logStreamName: name }), (store, input) => {
    store.createStream(input.logGroupName, input.logStreamName);
    return {};
  }),

  PutRetentionPolicy: action(
    z.object({ logGroupName: name, retentionInDays: z.number().int().positive() }),
    (store, input) => {
      store.group(input.logGroupName).retentionInDays = input.retentionInDays;
      return {};
    },
  ),

  PutLogEvents: action(
    z.object({
      logGroupName: name,
      logStreamName: name,
      logEvents: z
        .array(z.object({ timestamp: z.number().int(), message: z.string().min(1) }))
        .min(1)
        .max(pageOfEvents)
        .refine(
          (events) => events.every((event, index) => event.timestamp >= (events[index - 1]?.timestamp ?? 0)),
          {
            message: "Log events in a single PutLogEvents request must be in chronological order.",
          },
        ),
    }),
    (store, input) => {
      store.append(input.logGroupName, input.logStreamName, input.logEvents);
      return { nextSequenceToken: "0" };
    },
  ),

  DescribeLogGroups: action(
    z.object({
      logGroupNamePrefix: z.string().default(""),
      logGroupNamePattern: z.string().default(""),
      limit: limit(pageOfNames),
      nextToken: z.string().default(""),
    }),
    (store, input) => {
      const groups = store
        .allGroups()
        .filter((group) => group.name.startsWith(input.logGroupNamePrefix))
        .filter((group) => group.name.includes(input.logGroupNamePattern));
      const { page, nextToken } = pageByName(groups, input.nextToken, input.limit);
      return { logGroups: page.map(describeGroup), nextToken };
    },
  ),

  DescribeLogStreams: action(
    z.object({
      logGroupName: name,
      logStreamNamePrefix: z.string().default(""),
      orderBy: z.enum(["LogStreamName", "LastEventTime"]).default("LogStreamName"),
      descending: z.boolean().default(false),
      limit: limit(pageOfNames),
      nextToken: z.coerce.number().int().default(0),
    }),
    (store, input) => {
      const group = store.group(input.logGroupName);
      const key = (stream: LogStream) =>
        input.orderBy === "LogStreamName" ? stream.name : (stream.events.at(-1)?.timestamp ?? 0);
      const streams = [...group.streams.values()]
        .filter((stream) => stream.name.startsWith(input.logStreamNamePrefix))
        .sort((a, b) => (key(a) < key(b) ? -1 : 1));
      if (input.descending) streams.reverse();
      const end = input.nextToken + input.limit;
      return {
        logStreams: streams.slice(input.nextToken, end).map((stream) => describeStream(group, stream)),
        nextToken: end < streams.length ? String(end) : undefined,
      };
    },
  ),

  FilterLogEvents: action(
    z.object({
      logGroupName: name,
      logStreamNames: z.array(name).optional(),
      logStreamNamePrefix: z.string().default(""),
      startTime: z.number().default(0),
      endTime: z.number().default(Number.POSITIVE_INFINITY),
      filterPattern: z.string().default(""),
      limit: limit(pageOfEvents),
      nextToken: z.string().default(""),
    }),
    (store, input) => {
      const matches = readFilterPattern(input.filterPattern);
      const found = [...store.group(input.logGroupName).streams.values()]
        .filter((stream) => input.logStreamNames?.includes(stream.name) ?? true)
        .filter((stream) => stream.name.startsWith(input.logStreamNamePrefix))
        .flatMap((stream) => stream.events)
        .filter((event) => event.timestamp >= input.startTime && event.timestamp <= input.endTime)
        .filter((event) => place(event) > input.nextToken && matches(event.message))
        .sort((a, b) => (place(a) < place(b) ? -1 : 1));
      const page = found.slice(0, input.limit);
      const last = page.at(-1);
      return {
        events: page.map((event) => ({
          ...timedMessage(event),
          logStreamName: event.stream,
          eventId: place(event),
        })),
        searchedLogStreams: [],
        nextToken: found.length > page.length && last !== undefined ? place(last) : undefined,
      };
    },
  ),

  GetLogEvents: action(
    z.object({
      logGroupName: name,
      logStreamName: name,
      startTime: z.number().default(0),
      endTime: z.number().default(Number.POSITIVE_INFINITY),
      limit: limit(pageOfEvents),
      startFromHead: z.boolean().default(false),
      nextToken: z.templateLiteral([z.enum(["f", "b"]), "/", z.string()]).optional(),
    }),
    (store, input) => {
      const stream = store.group(input.logGroupName).streams.get(input.logStreamName);
      if (stream === undefined) {
        throw new AwsError(400, "ResourceNotFoundException", "The specified log stream does not exist.");
      }
      const [direction, from = ""] = input.nextToken?.split("/") ?? [];
      const found = stream.events
        .filter((event) => event.timestamp >= input.startTime && event.timestamp < input.endTime)
        .filter(
          (event) =>
            direction === undefined || (direction === "f" ? place(event) > from : place(event) < from),
        )
        .sort((a, b) => (place(a) < place(b) ? -1 : 1));
      const forwards = direction === "f" || (direction === undefined && input.startFromHead);
      const page = forwards ? found.slice(0, input.limit) : found.slice(-input.limit);
      const [first, last] = [page.at(0), page.at(-1)];
      return {
        events: page.map(timedMessage),
        nextForwardToken: `f/${last === undefined ? from : place(last)}`,
        nextBackwardToken: `b/${first === undefined ? from : place(first)}`,
      };
    },
  ),
};

/** Sorts by time, then by arrival; identifies the event in tokens and ids. */
function place({ timestamp, id }: LogEvent): string {
  return `${String(timestamp).padStart(16, "0")}${String(id).padStart(20, "0")}`;
}

function timedMessage({ timestamp, ingestionTime, message }: LogEvent): Output {
  return { timestamp, ingestionTime, message };
}

function pageByName<T extends { readonly name: string }>(sorted: readonly T[], after: string, size: number) {
  const rest = sorted.filter((each) => each.name > after);
  const page = rest.slice(0, size);
  return { page, nextToken: rest.length > size ? page.at(-1)?.name : undefined };
}

function describeGroup(group: LogGroup): Output {
  const arn = logGroupArn(group.name);
  return {
    logGroupName: group.name,
    creationTime: group.createdAt,
    retentionInDays: group.retentionInDays,
    metricFilterCount: 0,
    storedBytes: 0,
    arn: `${arn}:*`,
    logGroupArn: arn,
  };
}

function describeStream(group: LogGroup, stream: LogStream): Output {
  return {
    logStreamName: stream.name,
    creationTime: stream.createdAt,
    firstEventTimestamp: stream.events.at(0)?.timestamp,
    lastEventTimestamp: stream.events.at(-1)?.timestamp,
    lastIngestionTime: stream.events.at(-1)?.ingestionTime,
    arn: `${logGroupArn(group.name)}:log-stream:${stream.name}`,
    storedBytes: 0,
  };
}

export function logGroupArn(groupName: string): string {
  return `arn:aws:logs:${region}:${accountId}:log-group:${groupName}`;
}
