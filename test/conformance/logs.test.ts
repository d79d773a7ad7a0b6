import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
  type FilterLogEventsCommandInput,
  GetLogEventsCommand,
  PutLogEventsCommand,
  PutRetentionPolicyCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { type LocalServices, startLocalServices } from "./local-services.ts";

let services: LocalServices;
let logs: CloudWatchLogsClient;
let groups = 0;
let logGroupName: string;

beforeAll(async () => {
  services = await startLocalServices();
  logs = new CloudWatchLogsClient(services.client());
});
beforeEach(async () => {
  logGroupName = `/test/group-${++groups}`;
  await logs.send(new CreateLogGroupCommand({ logGroupName }));
  for (const logStreamName of ["one", "two"]) {
    await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
  }
});
afterAll(async () => {
  logs.destroy();
  await services.stop();
});

const write = (logStreamName: string, ...events: [timestamp: number, message: string][]) =>
  logs.send(
    new PutLogEventsCommand({
      logGroupName,
      logStreamName,
      logEvents: events.map(([timestamp, message]) => ({ timestamp, message })),
    }),
  );
const filter = (more: Partial<FilterLogEventsCommandInput> = {}) =>
  logs.send(new FilterLogEventsCommand({ logGroupName, ...more }));
const messages = async (more: Partial<FilterLogEventsCommandInput> = {}) =>
  ((await filter(more)).events ?? []).map((event) => event.message);

describe("a log group", () => {
  test("is listed by prefix with its retention and ARN", async () => {
    await logs.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 14 }));
    const { logGroups } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: logGroupName }));
    expect(logGroups).toMatchObject([
      {
        logGroupName,
        retentionInDays: 14,
        arn: `arn:aws:logs:us-east-1:000000000000:log-group:${logGroupName}:*`,
        logGroupArn: `arn:aws:logs:us-east-1:000000000000:log-group:${logGroupName}`,
      },
    ]);
  });

  test("cannot be created twice, nor can its streams, nor can a missing one be written or read", async () => {
    const exists = { name: "ResourceAlreadyExistsException" };
    const missing = { name: "ResourceNotFoundException" };
    await expect(logs.send(new CreateLogGroupCommand({ logGroupName }))).rejects.toMatchObject(exists);
    const stream = { logGroupName, logStreamName: "one" };
    await expect(logs.send(new CreateLogStreamCommand(stream))).rejects.toMatchObject(exists);
    await expect(write("three", [1, "x"])).rejects.toMatchObject(missing);
    await expect(filter({ logGroupName: "/nowhere" })).rejects.toMatchObject(missing);
  });

  test("lists its streams, the one written last first if so asked", async () => {
    await write("one", [2_000, "late"]);
    await write("two", [1_000, "early"]);
    const { logStreams } = await logs.send(
      new DescribeLogStreamsCommand({ logGroupName, orderBy: "LastEventTime", descending: true }),
    );
    expect(logStreams).toMatchObject([
      { logStreamName: "one", lastEventTimestamp: 2_000 },
      { logStreamName: "two", lastEventTimestamp: 1_000 },
    ]);
  });
});

describe("a filter", () => {
  test("merges the streams of a group by time", async () => {
    await write("one", [1_000, "a"], [3_000, "c"]);
    await write("two", [2_000, "b"], [3_000, "d"]);
    expect(await messages()).toEqual(["a", "b", "c", "d"]);
    expect(await messages({ logStreamNames: ["two"] })).toEqual(["b", "d"]);
    expect(await messages({ logStreamNamePrefix: "on" })).toEqual(["a", "c"]);
    expect(await messages({ startTime: 2_000, endTime: 2_999 })).toEqual(["b"]);
  });

  test("gives every event once, page by page, also of one millisecond", async () => {
    await write("one", [1_000, "a"], [1_000, "b"], [1_000, "c"]);
    const seen: (string | undefined)[] = [];
    let nextToken: string | undefined;
    do {
      const page = await filter({ limit: 2, ...(nextToken ? { nextToken } : {}) });
      seen.push(...(page.events ?? []).map((event) => event.message));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    expect(seen).toEqual(["a", "b", "c"]);
  });

  // `aws logs tail --follow` tells new events from old ones by their ids.
  test("gives each event an id that stays", async () => {
    await write("one", [1_000, "same"], [1_000, "same"]);
    const ids = async () => (await filter()).events?.map((event) => event.eventId);
    expect(new Set(await ids()).size).toBe(2);
    expect(await ids()).toEqual(await ids());
  });

  test.each([
    ["", ["ERROR timed out", "INFO done in 3 ms", '{"level":"ERROR","run":{"id":"r-1"}}']],
    ["ERROR", ["ERROR timed out", '{"level":"ERROR","run":{"id":"r-1"}}']],
    ['"timed out"', ["ERROR timed out"]],
    ["ERROR -timed", ['{"level":"ERROR","run":{"id":"r-1"}}']],
    ["?timed ?done", ["ERROR timed out", "INFO done in 3 ms"]],
    ['{ $.level = "ERROR" }', ['{"level":"ERROR","run":{"id":"r-1"}}']],
    ['{ $.level = "ERROR" && $.run.id = "r-*" }', ['{"level":"ERROR","run":{"id":"r-1"}}']],
    ['{ $.run.id != "r-1" }', []],
  ])("with the pattern %s finds %j", async (filterPattern, expected) => {
    await write(
      "one",
      [1_000, "ERROR timed out"],
      [1_001, "INFO done in 3 ms"],
      [1_002, '{"level":"ERROR","run":{"id":"r-1"}}'],
    );
    expect(await messages({ filterPattern })).toEqual(expected);
  });

  test("with a pattern that it does not know is refused", async () => {
    await expect(filter({ filterPattern: "[ip, user]" })).rejects.toMatchObject({
      name: "InvalidParameterException",
    });
  });
});

describe("one stream", () => {
  test("is read from its end or its head, forwards and backwards", async () => {
    await write("one", [1, "a"], [2, "b"], [3, "c"], [4, "d"]);
    const read = async (more: object) => {
      const page = await logs.send(
        new GetLogEventsCommand({ logGroupName, logStreamName: "one", limit: 2, ...more }),
      );
      return { ...page, text: (page.events ?? []).map((event) => event.message).join("") };
    };
    const tail = await read({});
    expect(tail.text).toBe("cd");
    expect((await read({ nextToken: tail.nextBackwardToken })).text).toBe("ab");
    const head = await read({ startFromHead: true });
    expect(head.text).toBe("ab");
    const next = await read({ nextToken: head.nextForwardToken });
    expect(next.text).toBe("cd");
    const end = await read({ nextToken: next.nextForwardToken });
    expect(end).toMatchObject({ text: "", nextForwardToken: next.nextForwardToken });
  });

  test("takes events in the order of their times only", async () => {
    await expect(write("one", [2, "late"], [1, "early"])).rejects.toMatchObject({
      name: "InvalidParameterException",
      message: expect.stringContaining("chronological order"),
    });
  });

  test("keeps its newest 10,000 events", async () => {
    const batch = (from: number) =>
      write("one", ...Array.from({ length: 6_000 }, (_, n): [number, string] => [from + n, `${from + n}`]));
    await batch(0);
    await batch(6_000);
    const kept = await messages();
    expect(kept).toHaveLength(10_000);
    expect([kept.at(0), kept.at(-1)]).toEqual(["2000", "11999"]);
  });
});
