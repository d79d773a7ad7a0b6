import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { eventually, TestAws } from "./local-aws.ts";

jest.setTimeout(60_000);

let aws: TestAws;
let cloudWatch: CloudWatchClient;
let lambda: LambdaClient;

beforeAll(async () => {
  aws = await TestAws.start();
  cloudWatch = new CloudWatchClient(aws.client);
  lambda = new LambdaClient(aws.client);
});
afterAll(async () => {
  cloudWatch.destroy();
  lambda.destroy();
  await aws.stop();
});

async function measured(Namespace: string, MetricName: string, dimension: [name: string, value: string]) {
  const now = Math.floor(Date.now() / 60_000) * 60_000;
  const { Datapoints } = await cloudWatch.send(
    new GetMetricStatisticsCommand({
      Namespace,
      MetricName,
      Dimensions: [{ Name: dimension[0], Value: dimension[1] }],
      StartTime: new Date(now - 600_000),
      EndTime: new Date(now + 60_000),
      Period: 3600,
      Statistics: ["Sum", "Maximum", "SampleCount"],
    }),
  );
  return Datapoints?.[0];
}

const invoke = (FunctionName: string, event: object) =>
  lambda.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }));

test("a function's invocations, errors, durations and throttles are measured as they happen", async () => {
  await aws.createFunction("measured", {
    code: `export const handler = async ({ ms = 0, fails }) => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      if (fails) throw new Error("as asked");
    };`,
    inputs: { reservedConcurrentExecutions: 1 },
  });
  await invoke("measured", {});
  await invoke("measured", { fails: true });
  const slow = invoke("measured", { ms: 500 });
  await eventually(() =>
    expect(invoke("measured", {})).rejects.toMatchObject({ name: "TooManyRequestsException" }),
  );
  await slow;
  const of = (metric: string) => measured("AWS/Lambda", metric, ["FunctionName", "measured"]);
  expect(await of("Errors")).toMatchObject({ Sum: 1 });
  const invocations = await of("Invocations");
  expect(invocations?.Sum).toBeGreaterThanOrEqual(3);
  expect((await of("Errors"))?.SampleCount).toBe(invocations?.Sum);
  expect((await of("Duration"))?.Maximum).toBeGreaterThanOrEqual(490);
  expect((await of("Throttles"))?.Sum).toBeGreaterThanOrEqual(1);
  expect(await of("ConcurrentExecutions")).toMatchObject({ Maximum: 1 });
});

test("a metric that a function logs in embedded format is there under the function's own names", async () => {
  await aws.createFunction("logs-metrics", {
    code: `export const handler = async () => console.log(JSON.stringify({
      _aws: { Timestamp: Date.now(), CloudWatchMetrics: [
        { Namespace: "of-functions", Dimensions: [["service"]], Metrics: [{ Name: "Rows", Unit: "Count" }] } ] },
      service: "embed", Rows: 7 }));`,
  });
  await invoke("logs-metrics", {});
  await eventually(async () =>
    expect(await measured("of-functions", "Rows", ["service", "embed"])).toMatchObject({ Sum: 7 }),
  );
});
