import { LambdaClient } from "@aws-sdk/client-lambda";
import type { RoleClients } from "../../local/processes/role-clients.ts";
import { readRate, Schedules } from "../../local/schedules/schedules.ts";
import { type Notes, TestAws } from "./local-aws.ts";

const minute = 60_000;

let aws: TestAws;
let notes: Notes;
let functionArn: string;
/** Physical names of roles. */
let mayInvoke: string | undefined;
let mayNotInvoke: string | undefined;
let lambda: LambdaClient;
let schedules: Schedules;
let reported: string[];

beforeAll(async () => {
  aws = await TestAws.start();
  notes = aws.notes("scheduled");
  const { arn = "" } = await aws.createFunction("scheduled", {
    code: `${notes.source} export const handler = async (event) => note(event);`,
  });
  functionArn = arn;
  ({ name: mayInvoke } = await createRole("may-invoke", [invoking(functionArn)]));
  ({ name: mayNotInvoke } = await createRole("may-not-invoke", [invoking(`${functionArn}-other`)]));
});

afterAll(() => aws.stop());

describe("a schedule", () => {
  // Only the schedules' own time passes as a test says; the calls that they make take theirs.
  beforeEach(() => {
    jest.useFakeTimers({
      doNotFake: ["nextTick", "setImmediate", "setTimeout", "queueMicrotask", "performance", "Date"],
    });
    reported = [];
  });

  afterEach(async () => {
    await schedules.stop();
    jest.useRealTimers();
    lambda.destroy();
  });

  test("invokes its function with its input whenever its rate has passed, and not before", async () => {
    schedule(5 * minute, mayInvoke);
    jest.advanceTimersByTime(5 * minute - 1);
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(1);
    expect(await notes.atLeast(1)).toEqual([{ of: "schedule" }]);
    jest.advanceTimersByTime(10 * minute);
    expect(await notes.atLeast(3)).toHaveLength(3);
    expect(reported).toEqual([]);
  });

  test("calls with the permissions of its role: a denied call is reported as a problem", async () => {
    const before = notes.read().length;
    schedule(minute, mayNotInvoke);
    jest.advanceTimersByTime(minute);
    await schedules.stop();
    expect(reported).toEqual([expect.stringMatching(/^The schedule sweep could not invoke .*AccessDenied/)]);
    expect(notes.read()).toHaveLength(before);
  });

  test("invokes nothing once it is stopped", async () => {
    const before = notes.read().length;
    schedule(minute, mayInvoke);
    await schedules.stop();
    jest.advanceTimersByTime(10 * minute);
    expect(jest.getTimerCount()).toBe(0);
    expect(notes.read()).toHaveLength(before);
  });
});

describe("creating a schedule", () => {
  const inputs = (roleArn: string | undefined, expression = "rate(5 minutes)") => ({
    scheduleExpression: expression,
    flexibleTimeWindow: { mode: "OFF" },
    target: { arn: functionArn, roleArn, input: "{}" },
  });

  test("answers its ARN, in the default group", async () => {
    const { arn } = await createRole("fires", []);
    expect(
      await aws.create("aws:scheduler/schedule:Schedule", "s", { ...inputs(arn), name: "every-five" }),
    ).toMatchObject({
      id: "default/every-five",
      arn: "arn:aws:scheduler:us-east-1:000000000000:schedule/default/every-five",
    });
  });

  test("is refused with a role that the scheduler may not assume", async () => {
    const { arn } = await createRole("of-lambda", [], "lambda.amazonaws.com");
    await expect(aws.create("aws:scheduler/schedule:Schedule", "s", inputs(arn))).rejects.toThrow(
      /cannot be assumed by scheduler.amazonaws.com/,
    );
  });

  test.each([
    "rate(1 minutes)",
    "rate(5 minute)",
    "rate(0 minutes)",
    "rate(30 seconds)",
    "cron(0 * * * ? *)",
    "5 minutes",
  ])("is refused with %s", (expression) => {
    expect(() => readRate(expression)).toThrow(/is no rate/);
  });

  test.each([
    ["rate(1 minute)", 60_000],
    ["rate(5 minutes)", 300_000],
    ["rate(2 hours)", 7_200_000],
    ["rate(1 day)", 86_400_000],
  ])("takes %s", (expression, milliseconds) => {
    expect(readRate(expression)).toBe(milliseconds);
  });
});

function invoking(resource: string) {
  return { Action: "lambda:InvokeFunction", Resource: resource };
}

async function createRole(name: string, statements: object[], service = "scheduler.amazonaws.com") {
  const role = await aws.create("aws:iam/role:Role", name, {
    assumeRolePolicy: JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: service } }],
    }),
  });
  await aws.create("aws:iam/rolePolicy:RolePolicy", name, {
    role: role.id,
    policy: JSON.stringify({
      Version: "2012-10-17",
      Statement: statements.map((statement) => ({ Effect: "Allow", ...statement })),
    }),
  });
  return role;
}

/** One schedule, which calls with a role. */
function schedule(everyMilliseconds: number, role = ""): void {
  lambda = new LambdaClient({
    ...aws.client,
    credentials: { accessKeyId: `local-${role}`, secretAccessKey: "any" },
  });
  schedules = new Schedules({
    clients: () => ({ lambda }) as unknown as RoleClients,
    report: (problem) => void reported.push(problem),
  });
  schedules.create({
    name: "sweep",
    everyMilliseconds,
    functionArn,
    input: '{"of":"schedule"}',
    roleName: role,
  });
  schedules.start();
}
