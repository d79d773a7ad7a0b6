import { ExecutionDoesNotExist, type SFNClient } from "@aws-sdk/client-sfn";
import { task } from "../../../core/catchup/tasks/task.ts";
import { Executions } from "../../../core/catchup/work/executions.ts";
import { taskOf } from "../../unit/catchup/task-tables.ts";

const machine = "arn:aws:states:us-east-1:123456789012:stateMachine:catch-up";
const execution = `${machine.replace("stateMachine", "execution")}:task`;

/** Executions whose descriptions are these, one a question; and how often Step Functions was asked. */
function described(...answers: (string | Error)[]) {
  const asked: unknown[] = [];
  const client = {
    send: async (command: unknown) => {
      asked.push(command);
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return { status: answer };
    },
  };
  return { asked, executions: new Executions(client as unknown as SFNClient, machine) };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test("a running execution is described every ten seconds at most, however often its task is requested", async () => {
  const { asked, executions } = described("RUNNING", "SUCCEEDED");
  for (let look = 0; look < 500; look += 1) expect(await executions.isRunning(execution)).toBe(true);
  expect(asked.length).toBe(1);
  jest.advanceTimersByTime(10_000);
  expect(await executions.isRunning(execution)).toBe(false);
});

test("one that has ended or is missing is described again, and each has its own answer", async () => {
  const gone = new ExecutionDoesNotExist({ message: "gone", $metadata: {} });
  const { asked, executions } = described("FAILED", gone, "RUNNING", "RUNNING");
  expect(await executions.isRunning(execution)).toBe(false);
  expect(await executions.isRunning(execution)).toBe(false);
  expect(await executions.isRunning(execution)).toBe(true);
  expect(await executions.isRunning(`${execution}-2`)).toBe(true);
  expect(asked.length).toBe(4);
});

test("an item of an earlier version, which names its execution, is worked on by that execution", () => {
  const { worked_on_by: none, ...stored } = taskOf({ status: "IN_PROGRESS" });
  expect(none).toBeUndefined();
  const read = task.parse({ ...stored, execution_arn: execution });
  expect(read.worked_on_by).toEqual({ kind: "state_machine", id: execution });
  expect(task.parse({ ...stored, worked_on_by: { kind: "workers", id: "job" } }).worked_on_by?.kind).toBe(
    "workers",
  );
});
