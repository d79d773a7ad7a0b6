import aslValidator from "asl-validator";
import { IndexThrottledError } from "../../core/catchup/index/index-errors.ts";
import { EmbeddingThrottledError } from "../../core/embedding/embedding-errors.ts";
import { deployCatchUp } from "./support/catch-up-stack.ts";
import { type Deployment, ofType } from "./support/deploy.ts";

const work = "vectorkeep-dev-catch-up-work";
const ofTask = { task_id: "{% $states.input.task_id %}" };

interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly MaxAttempts: number;
  readonly IntervalSeconds: number;
  readonly BackoffRate: number;
  readonly MaxDelaySeconds: number;
}

let stack: Deployment;

beforeAll(async () => {
  stack = await deployCatchUp();
});

function definitionOf(deployment: Deployment) {
  const machine = ofType(deployment, "aws:sfn/stateMachine:StateMachine").get("vectorkeep-dev-catch-up");
  return JSON.parse(String(machine?.definition));
}

function retriersOf(state: { Retry: Retrier[] }, error: string): Retrier | undefined {
  return state.Retry.find(
    ({ ErrorEquals }) => ErrorEquals.includes(error) || ErrorEquals.includes("States.ALL"),
  );
}

test("the definition is a valid one of the Amazon States Language", () => {
  const { isValid, errorsText } = aslValidator(definitionOf(stack));
  expect([isValid, errorsText()]).toEqual([true, ""]);
});

test("the validator detects an unknown state and an invalid retrier", () => {
  for (const harm of ["Next", "Retry"]) {
    const definition = definitionOf(stack);
    definition.States.EachChunk[harm] = "Nowhere";
    expect(aslValidator(definition).isValid).toBe(false);
  }
});

test("F22: the map reads its chunks from S3, and neither states nor children hand on what grows with them", () => {
  const { EachChunk, Settle } = definitionOf(stack).States;
  expect(EachChunk).toMatchObject({
    ItemReader: {
      Resource: "arn:aws:states:::s3:getObject",
      Arguments: { Bucket: work, Key: "{% $states.input.chunks_key %}" },
    },
    ItemSelector: { ...ofTask, chunk: "{% $states.context.Map.Item.Value %}" },
    ItemProcessor: { ProcessorConfig: { Mode: "DISTRIBUTED" } },
    ResultWriter: { Resource: "arn:aws:states:::s3:putObject", Arguments: { Bucket: work } },
    Output: ofTask,
  });
  expect(EachChunk.ItemProcessor.States.Chunk.Output).toEqual({});
  expect(Settle).toMatchObject({ Arguments: { Payload: ofTask }, Output: {} });
});

test("F20: all chunks may fail, and whatever becomes of the map, it is the end that judges", () => {
  const { EachChunk } = definitionOf(stack).States;
  expect(EachChunk.ToleratedFailurePercentage).toBe(100);
  expect(EachChunk).not.toHaveProperty("ToleratedFailureCount");
  expect(EachChunk.Next).toBe("Settle");
  expect(EachChunk.Catch).toEqual([{ ErrorEquals: ["States.ALL"], Output: ofTask, Next: "Settle" }]);
});

test.each([
  new EmbeddingThrottledError("any").name,
  new IndexThrottledError("pinecone").name,
  "Lambda.TooManyRequestsException",
])("F23: %s is no attempt: it waits at most a minute, for days if need be", (error) => {
  const { Chunk } = definitionOf(stack).States.EachChunk.ItemProcessor.States;
  const retrier = retriersOf(Chunk, error);
  expect(retrier?.ErrorEquals).toContain(error);
  expect(retrier?.MaxAttempts).toBeGreaterThanOrEqual(10_000);
  expect(retrier?.MaxDelaySeconds).toBeLessThanOrEqual(60);
});

test("F19: every other failure of a chunk or of the end is tried again some times, the last retrier being for all", () => {
  const { EachChunk, Settle } = definitionOf(stack).States;
  for (const state of [EachChunk.ItemProcessor.States.Chunk, Settle]) {
    const retrier = retriersOf(state, "Runtime.ExitError");
    expect(retrier?.MaxAttempts).toBeGreaterThanOrEqual(3);
    expect(retrier?.MaxAttempts).toBeLessThan(10);
    expect(state.Retry.at(-1)).toBe(retrier);
    expect(state).not.toHaveProperty("Catch");
  }
});

test("as many chunks are worked on at once as the stack says", async () => {
  expect(definitionOf(stack).States.EachChunk.MaxConcurrency).toBe(5);
  const wider = await deployCatchUp({ "catchup:concurrency": "40" });
  expect(definitionOf(wider).States.EachChunk.MaxConcurrency).toBe(40);
});

test("F24: what executions are given and answer is not logged, only that they failed", () => {
  const machine = ofType(stack, "aws:sfn/stateMachine:StateMachine").get("vectorkeep-dev-catch-up");
  expect(machine?.loggingConfiguration).toMatchObject({ level: "ERROR", includeExecutionData: false });
});

test("lane batch pays for its units before the chunks, and a unit that fails is given up without failing the map", () => {
  const { Lane, EachUnit } = definitionOf(stack).States;
  expect(Lane).toMatchObject({
    Choices: [{ Condition: "{% $exists($states.input.units_key) %}", Next: "EachUnit" }],
    Default: "EachChunk",
  });
  const handed = { ...ofTask, chunks_key: "{% $states.input.chunks_key %}" };
  expect(EachUnit).toMatchObject({
    ItemReader: { Arguments: { Bucket: work, Key: "{% $states.input.units_key %}" } },
    MaxConcurrency: 4,
    ToleratedFailurePercentage: 100,
    Output: handed,
    Catch: [{ ErrorEquals: ["States.ALL"], Output: handed, Next: "EachChunk" }],
    Next: "EachChunk",
  });
  const { Batch, GiveUp, Paid } = EachUnit.ItemProcessor.States;
  expect(Batch.Catch[0]).toMatchObject({ ErrorEquals: ["States.ALL"], Next: "GiveUp" });
  expect(GiveUp.Arguments.Payload).toMatchObject({ ...ofTask, gives_up: true });
  expect([GiveUp.Output, Paid.Output]).toEqual([{}, {}]);
});
