import { readFileSync } from "node:fs";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import {
  DescribeMapRunCommand,
  type ExecutionListItem,
  ListExecutionsCommand,
  ListMapRunsCommand,
  paginateListExecutions,
  StopExecutionCommand,
} from "@aws-sdk/client-sfn";
import { eventually, TestAws } from "./local-aws.ts";
import { invoke, mayInvoke, single, TestStates } from "./state-machines.ts";

jest.setTimeout(120_000);

let aws: TestAws;
let states: TestStates;
let s3: S3Client;
let bucket: string;

beforeAll(async () => {
  aws = await TestAws.start();
  states = new TestStates(aws);
  s3 = new S3Client({ ...aws.client, forcePathStyle: true });
  bucket = (await aws.create("aws:s3/bucket:Bucket", "items", { bucket: "items" })).id ?? "";
  await aws.createFunction("odd", {
    code: `export const handler = async ({ n }) => {
      if (n % 2 === 0) throw new RangeError(n + " is even");
    };`,
  });
});

afterAll(async () => {
  states.client.destroy();
  s3.destroy();
  await aws.stop();
});

function put(Key: string, Body: string) {
  return s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
}

async function get(Key = "") {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
  return JSON.parse((await Body?.transformToString()) ?? "");
}

/** A child of one state. */
function each(state: object) {
  return {
    ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
    StartAt: "One",
    States: { One: { ...state, End: true } },
  };
}

function reader(Key: string, config: object) {
  return {
    Resource: "arn:aws:states:::s3:getObject",
    Arguments: { Bucket: "{% $states.input.bucket %}", Key },
    ReaderConfig: config,
  };
}

const writer = {
  Resource: "arn:aws:states:::s3:putObject",
  Arguments: { Bucket: "{% $states.input.bucket %}", Prefix: "results/" },
};

const itemsOnly = [{ Action: ["s3:GetObject", "s3:PutObject"], Resource: "arn:aws:s3:::items/*" }];

function mayStart(name: string) {
  return {
    Action: "states:StartExecution",
    Resource: `arn:aws:states:us-east-1:000000000000:stateMachine:${name}`,
  };
}

/** A machine of one distributed Map, whose role may start its children and use the bucket. */
function createMap(name: string, map: object, functions: string[] = []) {
  return states.create(name, {
    definition: single({ Type: "Map", Label: "Each", ...map }),
    allow: [...itemsOnly, mayStart(name), ...(functions.length > 0 ? [mayInvoke(...functions)] : [])],
  });
}

async function mapRunOf(executionArn: string) {
  const { mapRuns = [] } = await states.client.send(new ListMapRunsCommand({ executionArn }));
  return states.client.send(new DescribeMapRunCommand({ mapRunArn: mapRuns[0]?.mapRunArn }));
}

async function childrenOf(mapRunArn: string | undefined): Promise<ExecutionListItem[]> {
  const children = [];
  const pages = paginateListExecutions({ client: states.client, pageSize: 1000 }, { mapRunArn });
  for await (const { executions = [] } of pages) children.push(...executions);
  return children;
}

describe("a distributed map", () => {
  test.each([
    ["JSON", { InputType: "JSON" }, '[{"n":"1"},{"n":"2, 3"}]'],
    ["JSONL", { InputType: "JSONL" }, '{"n":"1"}\n\n{"n":"2, 3"}\n'],
    ["CSV with headers", { InputType: "CSV", CSVHeaderLocation: "FIRST_ROW" }, '\uFEFFn\r\n1\r\n"2, 3"\r\n'],
    [
      "CSV without headers",
      { InputType: "CSV", CSVHeaderLocation: "GIVEN", CSVHeaders: ["n"], CSVDelimiter: "TAB" },
      "1\tignored\n2, 3",
    ],
  ])("reads items from %s in S3", async (kind, config, body) => {
    const name = `reads-${kind.replaceAll(" ", "-")}`;
    await put(name, body);
    const machine = await createMap(name, {
      ItemReader: reader(name, config),
      ItemProcessor: each({ Type: "Pass" }),
    });
    expect((await states.run(machine, { bucket })).output).toEqual([{ n: "1" }, { n: "2, 3" }]);
  });

  test("gives children what ItemSelector selects, in batches", async () => {
    const machine = await createMap("batches", {
      Items: "{% $states.input.numbers %}",
      ItemSelector: {
        n: "{% $states.context.Map.Item.Value %}",
        at: "{% $states.context.Map.Item.Index %}",
      },
      ItemBatcher: { MaxItemsPerBatch: 2, BatchInput: { of: "{% $count($states.input.numbers) %}" } },
      ItemProcessor: each({ Type: "Pass" }),
    });
    const { arn, output } = await states.run(machine, { numbers: [5, 6, 7] });
    expect(output).toEqual([
      {
        BatchInput: { of: 3 },
        Items: [
          { n: 5, at: 0 },
          { n: 6, at: 1 },
        ],
      },
      { BatchInput: { of: 3 }, Items: [{ n: 7, at: 2 }] },
    ]);
    expect(await mapRunOf(arn)).toMatchObject({
      itemCounts: { total: 3, succeeded: 3 },
      executionCounts: { total: 2, succeeded: 2 },
    });
  });

  test("runs 10,000 children five at a time, quickly and in bounded memory, with a small output", async () => {
    await put("many", JSON.stringify(Array.from({ length: 10_000 }, (_, n) => ({ n: 2 * n + 1 }))));
    const machine = await createMap(
      "many",
      {
        ItemReader: reader("many", { InputType: "JSON" }),
        MaxConcurrency: 5,
        ItemProcessor: each(invoke("odd")),
        ResultWriter: writer,
      },
      ["odd"],
    );
    const execution = await states.start(machine, { bucket });
    const { status, output } = await states.ended(execution, 100);
    expect(status).toBe("SUCCEEDED");
    expect(JSON.stringify(output).length).toBeLessThan(500);
    const mapRun = await mapRunOf(execution);
    expect(mapRun).toMatchObject({
      status: "SUCCEEDED",
      maxConcurrency: 5,
      itemCounts: { total: 10_000, succeeded: 10_000, resultsWritten: 10_000, pending: 0, running: 0 },
    });
    expect((await aws.processesOf("odd")).length).toBeLessThanOrEqual(5);
    expect((await childrenOf(mapRun.mapRunArn)).length).toBe(10_000);
    expect(peakMegabytes(aws.process.pid)).toBeLessThan(700);
  });

  test("tolerates failures up to 100 %, and writes what succeeded and what failed", async () => {
    const machine = await createMap(
      "tolerant",
      {
        Items: [{ n: 1 }, { n: 2 }, { n: 3 }],
        ToleratedFailurePercentage: 100,
        ItemProcessor: each(invoke("odd")),
        ResultWriter: writer,
      },
      ["odd"],
    );
    const { arn, status, output } = await states.run(machine, { bucket });
    expect(status).toBe("SUCCEEDED");
    const mapRun = await mapRunOf(arn);
    expect(mapRun.itemCounts).toMatchObject({ total: 3, succeeded: 2, failed: 1 });
    const id = mapRun.mapRunArn?.split(":").at(-1);
    expect(output).toEqual({
      MapRunArn: mapRun.mapRunArn,
      ResultWriterDetails: { Bucket: bucket, Key: `results/${id}/manifest.json` },
    });
    const { ResultFiles, ...manifest } = await get(`results/${id}/manifest.json`);
    expect(manifest).toEqual({ DestinationBucket: bucket, MapRunArn: mapRun.mapRunArn });
    expect(ResultFiles).toEqual({
      FAILED: [{ Key: `results/${id}/FAILED_0.json`, Size: expect.any(Number) }],
      PENDING: [],
      SUCCEEDED: [{ Key: `results/${id}/SUCCEEDED_0.json`, Size: expect.any(Number) }],
    });
    expect(await get(ResultFiles.FAILED[0].Key)).toEqual([
      expect.objectContaining({
        Input: '{"n":2}',
        Status: "FAILED",
        Error: "RangeError",
        Cause: expect.stringContaining("2 is even"),
        RedriveStatus: "REDRIVABLE",
        StateMachineArn: `${machine}/Each`,
      }),
    ]);
    expect(await get(ResultFiles.SUCCEEDED[0].Key)).toEqual([
      expect.objectContaining({ Input: '{"n":1}', Output: "null", RedriveStatus: "NOT_REDRIVABLE" }),
      expect.objectContaining({ Input: '{"n":3}', Status: "SUCCEEDED", OutputDetails: { Included: true } }),
    ]);
  });

  test("fails when more fail than are tolerated, and starts no more children", async () => {
    const machine = await createMap(
      "strict",
      {
        Items: "{% [1..20].{'n': $} %}",
        MaxConcurrency: 1,
        ToleratedFailureCount: 1,
        ItemProcessor: each(invoke("odd")),
        ResultWriter: writer,
      },
      ["odd"],
    );
    const { arn, status, error } = await states.run(machine, { bucket });
    expect({ status, error }).toEqual({
      status: "FAILED",
      error: "States.ExceedToleratedFailureThreshold",
    });
    const mapRun = await mapRunOf(arn);
    expect(mapRun).toMatchObject({
      status: "FAILED",
      itemCounts: { total: 20, succeeded: 2, failed: 2, pending: 16 },
    });
    const id = mapRun.mapRunArn?.split(":").at(-1);
    const pending = await get(`results/${id}/PENDING_0.json`);
    expect(pending.map(({ Input }: { Input: string }) => JSON.parse(Input).n)).toEqual(
      Array.from({ length: 16 }, (_, at) => at + 5),
    );
  });

  test("stopped in the middle, aborts its children and starts no more", async () => {
    const machine = await createMap("stopped", {
      Items: "{% [1..10] %}",
      MaxConcurrency: 2,
      ItemProcessor: each({ Type: "Wait", Seconds: "{% $states.input = 1 ? 0 : 60 %}" }),
    });
    const executionArn = await states.start(machine);
    const mapRun = await eventually(async () => {
      const current = await mapRunOf(executionArn);
      expect(current.itemCounts).toMatchObject({ succeeded: 1, running: 2 });
      return current;
    });
    await states.client.send(new StopExecutionCommand({ executionArn }));
    expect(await states.ended(executionArn)).toMatchObject({ status: "ABORTED" });
    await eventually(async () =>
      expect(await mapRunOf(executionArn)).toMatchObject({
        status: "ABORTED",
        itemCounts: { total: 10, succeeded: 1, running: 0, aborted: 2, pending: 7 },
      }),
    );
    const children = await childrenOf(mapRun.mapRunArn);
    expect(children.map(({ status }) => status).sort()).toEqual(["ABORTED", "ABORTED", "SUCCEEDED"]);
  });

  test("is an execution of its own for each child, apart from those of the machine", async () => {
    const machine = await createMap("listed", { Items: [1, 2], ItemProcessor: each({ Type: "Pass" }) });
    const { arn } = await states.run(machine);
    const { executions = [] } = await states.client.send(
      new ListExecutionsCommand({ stateMachineArn: machine }),
    );
    expect(executions.map(({ executionArn }) => executionArn)).toEqual([arn]);
    const [child] = await childrenOf((await mapRunOf(arn)).mapRunArn);
    expect(child).toMatchObject({ stateMachineArn: `${machine}/Each`, status: "SUCCEEDED", itemCount: 1 });
    const types = (await states.history(child?.executionArn ?? "")).map(({ type }) => type);
    expect(types).toEqual(["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]);
  });

  test("needs its role's permission to start children, to read items and to write results", async () => {
    const map = {
      Type: "Map",
      ItemReader: reader("many", { InputType: "JSON", MaxItems: 1 }),
      ItemProcessor: each({ Type: "Pass" }),
      ResultWriter: writer,
    };
    const attempt = async (name: string, allow: object[]) => {
      const machine = await states.create(name, {
        definition: single(map),
        allow: allow as typeof itemsOnly,
      });
      return (await states.run(machine, { bucket })).error;
    };
    const mayRead = { Action: ["s3:GetObject"], Resource: "arn:aws:s3:::items/*" };
    const nothing = { Action: ["s3:ListAllMyBuckets"], Resource: "*" };
    expect(await attempt("may-nothing", [nothing])).toBe("States.ItemReaderFailed");
    expect(await attempt("may-read", [mayRead])).toBe("States.Permissions");
    expect(await attempt("may-start", [mayRead, mayStart("may-start")])).toBe("States.ResultWriterFailed");
    expect(await attempt("may-all", [...itemsOnly, mayStart("may-all")])).toBeUndefined();
  });

  test("without ResultWriter fails when the outputs together are too large", async () => {
    const machine = await createMap("large", {
      Items: "{% [1..3] %}",
      ItemProcessor: each({ Type: "Pass", Output: "{% $pad('', 100000, 'x') %}" }),
    });
    expect(await states.run(machine)).toMatchObject({ status: "FAILED", error: "States.DataLimitExceeded" });
  });
});

/** The most memory that a process ever had. */
function peakMegabytes(pid: number | undefined): number {
  const [, kilobytes] = readFileSync(`/proc/${pid}/status`, "utf8").match(/VmHWM:\s+(\d+) kB/) ?? [];
  return Number(kilobytes) / 1024;
}
