import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  DescribeStateMachineCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from "@aws-sdk/client-sfn";
import { TestAws } from "./local-aws.ts";
import { invoke, mayInvoke, single, TestStates } from "./state-machines.ts";

let aws: TestAws;
let states: TestStates;

const failing = `let calls = 0;
class NotYet extends Error { constructor(message) { super(message); this.name = "NotYet"; } }
export const handler = async ({ failures }) => {
  calls += 1;
  if (calls <= failures) throw new NotYet("call " + calls);
  return { calls };
};`;

beforeAll(async () => {
  aws = await TestAws.start();
  states = new TestStates(aws);
  await aws.createFunction("double", { code: "export const handler = async ({ n }) => ({ n: 2 * n });" });
  await aws.createFunction("slow", {
    code: "export const handler = () => new Promise((resolve) => setTimeout(resolve, 2000));",
  });
});

afterAll(async () => {
  states.client.destroy();
  await aws.stop();
});

describe("an execution", () => {
  test("invokes a function by the integration, with the answer around its payload", async () => {
    const machine = await states.create("integration", {
      definition: single({
        Type: "Task",
        Resource: "arn:aws:states:::lambda:invoke",
        Arguments: { FunctionName: "double", Payload: { n: "{% $states.input.n + 1 %}" } },
      }),
      allow: [mayInvoke("double")],
    });
    const { status, output } = await states.run(machine, { n: 4 });
    expect({ status, output }).toEqual({
      status: "SUCCEEDED",
      output: expect.objectContaining({ Payload: { n: 10 }, StatusCode: 200, ExecutedVersion: "$LATEST" }),
    });
  });

  test("invokes a function by its ARN, with the payload alone", async () => {
    const Resource = "arn:aws:lambda:us-east-1:000000000000:function:double";
    const machine = await states.create("by-arn", {
      definition: single({ Type: "Task", Resource, Arguments: "{% $states.input %}" }),
      allow: [mayInvoke("double")],
    });
    const { arn, output } = await states.run(machine, { n: 4 });
    expect(output).toEqual({ n: 8 });
    expect((await states.history(arn)).map(({ type }) => type)).toEqual([
      "ExecutionStarted",
      "TaskStateEntered",
      "LambdaFunctionScheduled",
      "LambdaFunctionStarted",
      "LambdaFunctionSucceeded",
      "TaskStateExited",
      "ExecutionSucceeded",
    ]);
  });

  test("carries variables, choices, parallel branches and inline maps of JSONata", async () => {
    const machine = await states.create("jsonata", {
      definition: {
        QueryLanguage: "JSONata",
        StartAt: "Note",
        States: {
          Note: { Type: "Pass", Assign: { total: "{% $sum($states.input.numbers) %}" }, Next: "Large" },
          Large: {
            Type: "Choice",
            Choices: [{ Condition: "{% $total > 5 %}", Next: "Both" }],
            Default: "Small",
          },
          Small: { Type: "Fail", Error: "Small", Cause: "{% 'only ' & $string($total) %}" },
          Both: {
            Type: "Parallel",
            Branches: [
              {
                StartAt: "Each",
                States: {
                  Each: {
                    Type: "Map",
                    Items: "{% $states.input.numbers %}",
                    ItemSelector: {
                      at: "{% $states.context.Map.Item.Index %}",
                      n: "{% $states.context.Map.Item.Value %}",
                    },
                    ItemProcessor: {
                      StartAt: "Add",
                      States: { Add: { Type: "Pass", Output: "{% $states.input.n + $total %}", End: true } },
                    },
                    End: true,
                  },
                },
              },
              { StartAt: "Total", States: { Total: { Type: "Succeed", Output: "{% $total %}" } } },
            ],
            End: true,
          },
        },
      },
    });
    expect((await states.run(machine, { numbers: [1, 2, 3] })).output).toEqual([[7, 8, 9], 6]);
    expect(await states.run(machine, { numbers: [1] })).toMatchObject({
      status: "FAILED",
      error: "Small",
      cause: "only 1",
    });
  });

  test("filters with the paths of JSONPath", async () => {
    const machine = await states.create("jsonpath", {
      definition: {
        StartAt: "Double",
        States: {
          Double: {
            Type: "Task",
            Resource: "arn:aws:states:::lambda:invoke",
            InputPath: "$.inner",
            Parameters: { FunctionName: "double", Payload: { "n.$": "$.numbers[1]" } },
            ResultSelector: { "doubled.$": "$.Payload.n", "state.$": "$$.State.Name" },
            ResultPath: "$.answer",
            Next: "Enough",
          },
          Enough: {
            Type: "Choice",
            Choices: [
              {
                And: [
                  { Variable: "$.answer.doubled", NumericGreaterThanPath: "$.least" },
                  { Variable: "$.inner.missing", IsPresent: false },
                ],
                Next: "Done",
              },
            ],
          },
          Done: { Type: "Succeed", OutputPath: "$.answer" },
        },
      },
      allow: [mayInvoke("double")],
    });
    const input = { inner: { numbers: [1, 21] }, least: 40 };
    expect((await states.run(machine, input)).output).toEqual({ doubled: 42, state: "Double" });
    expect(await states.run(machine, { ...input, least: 50 })).toMatchObject({
      status: "FAILED",
      error: "States.NoChoiceMatched",
    });
  });

  test("is started once for a name: again while it runs it is the same, later or with another input it is refused", async () => {
    const stateMachineArn = await states.create("named", {
      definition: single({ Type: "Wait", Seconds: "{% $states.input.seconds %}" }),
    });
    const start = (input: string) =>
      states.client.send(new StartExecutionCommand({ stateMachineArn, name: "once", input }));
    const first = await start('{"seconds":0.5}');
    expect((await start('{"seconds":0.5}')).executionArn).toBe(first.executionArn);
    await expect(start('{"seconds":1}')).rejects.toMatchObject({ name: "ExecutionAlreadyExists" });
    await states.ended(first.executionArn ?? "");
    await expect(start('{"seconds":0.5}')).rejects.toMatchObject({ name: "ExecutionAlreadyExists" });
    const { executions } = await states.client.send(new ListExecutionsCommand({ stateMachineArn }));
    expect(executions).toEqual([expect.objectContaining({ name: "once", status: "SUCCEEDED" })]);
  });

  test("is stopped while it runs with the given error", async () => {
    const machine = await states.create("stopped", { definition: single({ Type: "Wait", Seconds: 60 }) });
    const executionArn = await states.start(machine);
    await states.client.send(new StopExecutionCommand({ executionArn, error: "Enough", cause: "by hand" }));
    expect(await states.ended(executionArn)).toMatchObject({
      status: "ABORTED",
      error: "Enough",
      cause: "by hand",
    });
  });

  test("times out as a whole", async () => {
    const machine = await states.create("overdue", {
      definition: { ...single({ Type: "Wait", Seconds: 60 }), TimeoutSeconds: 1 },
    });
    expect(await states.run(machine)).toMatchObject({ status: "TIMED_OUT", error: "States.Timeout" });
  });

  test("fails when what a state hands on is larger than 256 KiB, which States.ALL does not catch", async () => {
    const machine = await states.create("too-large", {
      definition: single(
        {
          Type: "Parallel",
          Branches: [
            {
              StartAt: "Grow",
              States: { Grow: { Type: "Pass", Output: "{% $pad('', 262200, 'x') %}", End: true } },
            },
          ],
          Catch: [{ ErrorEquals: ["States.ALL"], Next: "Caught" }],
        },
        { Caught: { Type: "Succeed" } },
      ),
    });
    expect(await states.run(machine)).toMatchObject({ status: "FAILED", error: "States.DataLimitExceeded" });
  });

  test("fails when an expression comes to nothing", async () => {
    const machine = await states.create("nothing", {
      definition: single({ Type: "Pass", Output: { a: "{% $states.input.missing %}" } }),
    });
    expect(await states.run(machine)).toMatchObject({
      status: "FAILED",
      error: "States.QueryEvaluationError",
      cause: expect.stringContaining("$states.input.missing"),
    });
  });
});

describe("a value of the wrong type", () => {
  const iterator = { StartAt: "Each", States: { Each: { Type: "Pass", End: true } } };
  const caught = { Catch: [{ ErrorEquals: ["States.ALL"], Next: "Caught" }] };

  test("of a JSONata expression can be caught", async () => {
    const machine = await states.create("wrong-type", {
      definition: single(
        { Type: "Map", Items: "{% 'text' %}", ItemProcessor: iterator, ...caught },
        { Caught: { Type: "Succeed" } },
      ),
    });
    expect(await states.run(machine)).toMatchObject({ status: "SUCCEEDED" });
    const uncaught = await states.create("wrong-type-uncaught", {
      definition: single({ Type: "Map", Items: "{% 'text' %}", ItemProcessor: iterator }),
    });
    expect(await states.run(uncaught)).toMatchObject({ error: "States.QueryEvaluationError" });
  });
});

describe("a task that fails", () => {
  test("is tried again as Retry says, and succeeds", async () => {
    await aws.createFunction("unready", { code: failing });
    const Retry = [{ ErrorEquals: ["NotYet"], IntervalSeconds: 1, MaxAttempts: 3, BackoffRate: 1 }];
    const machine = await states.create("retried", {
      definition: single(invoke("unready", { Retry })),
      allow: [mayInvoke("unready")],
    });
    const { arn, output } = await states.run(machine, { failures: 2 });
    expect(output).toEqual({ calls: 3 });
    const failures = (await states.history(arn)).filter(({ type }) => type === "TaskFailed");
    expect(failures.map(({ taskFailedEventDetails: details }) => details?.error)).toEqual([
      "NotYet",
      "NotYet",
    ]);
  });

  test("hands the function's error to Catch once its retries are used up", async () => {
    await aws.createFunction("never", { code: failing });
    const machine = await states.create("caught", {
      definition: single(
        invoke("never", {
          Retry: [{ ErrorEquals: ["States.TaskFailed"], IntervalSeconds: 1, MaxAttempts: 1 }],
          Catch: [{ ErrorEquals: ["States.ALL"], Output: "{% $states.errorOutput %}", Next: "Caught" }],
        }),
        { Caught: { Type: "Succeed" } },
      ),
      allow: [mayInvoke("never")],
    });
    const { output } = await states.run(machine, { failures: 9 });
    const { Error: error, Cause } = output as { Error: string; Cause: string };
    expect(error).toBe("NotYet");
    expect(JSON.parse(Cause)).toMatchObject({ errorType: "NotYet", errorMessage: "call 2" });
  });

  test("is given up after its TimeoutSeconds", async () => {
    const machine = await states.create("timed", {
      definition: single(invoke("slow", { TimeoutSeconds: 1 })),
      allow: [mayInvoke("slow")],
    });
    const { arn, error } = await states.run(machine);
    expect(error).toBe("States.Timeout");
    expect((await states.history(arn)).map(({ type }) => type)).toContain("TaskTimedOut");
  });

  test("names a throttled function as Lambda does", async () => {
    await aws.createFunction("throttled", {
      code: "export const handler = async () => 1;",
      inputs: { reservedConcurrentExecutions: 0 },
    });
    const machine = await states.create("throttled", {
      definition: single(invoke("throttled")),
      allow: [mayInvoke("throttled")],
    });
    expect(await states.run(machine)).toMatchObject({
      status: "FAILED",
      error: "Lambda.TooManyRequestsException",
    });
  });
});

describe("permissions", () => {
  test("a role without lambda:InvokeFunction fails the task in AWS's words", async () => {
    const machine = await states.create("may-not-invoke", {
      definition: single(invoke("double")),
      allow: [mayInvoke("another")],
    });
    expect(await states.run(machine, { n: 1 })).toMatchObject({
      status: "FAILED",
      error: "Lambda.AWSLambdaException",
      cause: expect.stringContaining(
        "is not authorized to perform: lambda:InvokeFunction on resource: arn:aws:lambda:us-east-1:000000000000:function:double",
      ),
    });
  });

  test("a caller may do what its policies say, on the resource that AWS names", async () => {
    const stateMachineArn = await states.create("guarded", {
      definition: single({ Type: "Wait", Seconds: 60 }),
    });
    const executions = stateMachineArn.replace(":stateMachine:", ":execution:");
    await states.role(
      "starter",
      [
        { Action: "states:StartExecution", Resource: stateMachineArn },
        { Action: "states:StopExecution", Resource: `${executions}:*` },
      ],
      "lambda.amazonaws.com",
    );
    const credentials = { accessKeyId: "local-starter", secretAccessKey: "local-starter" };
    const starter = new SFNClient({ ...aws.client, credentials });
    const { executionArn } = await starter.send(new StartExecutionCommand({ stateMachineArn }));
    await starter.send(new StopExecutionCommand({ executionArn }));
    await expect(starter.send(new ListExecutionsCommand({ stateMachineArn }))).rejects.toMatchObject({
      name: "AccessDeniedException",
    });
    await expect(
      starter.send(new StartExecutionCommand({ stateMachineArn: `${stateMachineArn}-other` })),
    ).rejects.toMatchObject({ name: "AccessDeniedException" });
    starter.destroy();
  });
});

describe("creation", () => {
  test("keeps the definition as it was given", async () => {
    const definition = single({ Type: "Pass" });
    const stateMachineArn = await states.create("described", { definition });
    const described = await states.client.send(new DescribeStateMachineCommand({ stateMachineArn }));
    expect(JSON.parse(described.definition ?? "")).toEqual(definition);
  });

  test("refuses a role that Step Functions may not assume", async () => {
    const trusted = "lambda.amazonaws.com";
    await expect(
      states.create("untrusted", { definition: single({ Type: "Pass" }), trusted }),
    ).rejects.toThrow("cannot be assumed by states.amazonaws.com");
  });

  test("refuses what it does not know, by the name of state and field", async () => {
    await expect(
      states.create("unknown", {
        definition: single({ Type: "Task", Resource: "arn:aws:states:::sqs:sendMessage" }),
      }),
    ).rejects.toThrow('state "Only": Resource: the local Step Functions knows');
  });

  test("lets executions log to the group that it names, if the role may deliver logs", async () => {
    const group = await aws.create("aws:cloudwatch/logGroup:LogGroup", "states-log", { name: "/states/log" });
    const logging = (level: string) => ({
      loggingConfiguration: { level, includeExecutionData: false, logDestination: `${group.arn}:*` },
    });
    const definition = {
      StartAt: "Only",
      States: { Only: { Type: "Fail", Error: "Loud", Cause: "for the log" } },
    };
    await expect(states.create("may-not-log", { definition, inputs: logging("ERROR") })).rejects.toThrow(
      "not authorized to access the Log Destination: it lacks logs:CreateLogDelivery",
    );
    const machine = await states.create("logs", {
      definition,
      inputs: logging("FATAL"),
      allow: [{ Action: "logs:*", Resource: "*" }],
    });
    const { arn } = await states.run(machine);
    const logs = new CloudWatchLogsClient(aws.client);
    const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: "/states/log" }));
    logs.destroy();
    expect(events.map(({ message = "" }) => JSON.parse(message))).toEqual([
      expect.objectContaining({ type: "ExecutionFailed", details: {}, execution_arn: arn }),
    ]);
  });
});
