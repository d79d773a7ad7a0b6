import { setTimeout as delay } from "node:timers/promises";
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  SFNClient,
  StartExecutionCommand,
} from "@aws-sdk/client-sfn";
import type { TestAws } from "./local-aws.ts";

interface Statement {
  readonly Action: string | string[];
  readonly Resource: string | string[];
}

export interface TestStateMachine {
  readonly definition: object;
  /** Statements of its role. */
  readonly allow?: readonly Statement[];
  /** Further inputs of aws.sfn.StateMachine. */
  readonly inputs?: Record<string, unknown>;
  readonly trusted?: string;
}

/** What an execution came to, its JSON parsed. */
export interface Ended {
  readonly arn: string;
  readonly status: string;
  readonly output: unknown;
  readonly error: string | undefined;
  readonly cause: string | undefined;
}

/** The state machines of a test, and a client that runs them. */
export class TestStates {
  readonly aws: TestAws;
  readonly client: SFNClient;

  constructor(aws: TestAws) {
    this.aws = aws;
    this.client = new SFNClient(aws.client);
  }

  /** Creates the machine and its role; answers its ARN. */
  async create(
    name: string,
    { definition, allow = [], inputs = {}, trusted = "states.amazonaws.com" }: TestStateMachine,
  ): Promise<string> {
    const role = await this.role(`${name}-states`, allow, trusted);
    const { arn = "" } = await this.aws.create("aws:sfn/stateMachine:StateMachine", name, {
      name,
      definition: JSON.stringify(definition),
      roleArn: role.arn,
      ...inputs,
    });
    return arn;
  }

  async role(name: string, allow: readonly Statement[], trusted: string): Promise<Record<string, string>> {
    const role = await this.aws.create("aws:iam/role:Role", name, {
      name,
      assumeRolePolicy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: trusted } }],
      }),
    });
    await this.aws.create("aws:iam/rolePolicy:RolePolicy", name, {
      role: role.id,
      policy: JSON.stringify({
        Version: "2012-10-17",
        Statement: allow.map((statement) => ({ Effect: "Allow", ...statement })),
      }),
    });
    return role;
  }

  async start(stateMachineArn: string, input: unknown = {}): Promise<string> {
    const { executionArn = "" } = await this.client.send(
      new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
    );
    return executionArn;
  }

  /** Waits until the execution is over. */
  async ended(arn: string, seconds = 15): Promise<Ended> {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
      const {
        status = "",
        output,
        error,
        cause,
      } = await this.client.send(new DescribeExecutionCommand({ executionArn: arn }));
      if (status !== "RUNNING") {
        return { arn, status, output: output && JSON.parse(output), error, cause };
      }
      if (Date.now() > deadline) throw new Error(`${arn} still runs after ${seconds} seconds.`);
      await delay(20);
    }
  }

  async run(stateMachineArn: string, input: unknown = {}): Promise<Ended> {
    return this.ended(await this.start(stateMachineArn, input));
  }

  async history(executionArn: string): Promise<HistoryEvent[]> {
    const { events = [] } = await this.client.send(
      new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }),
    );
    return events;
  }
}

/** A JSONata machine of one state that ends. */
export function single(state: object, more: object = {}): object {
  return {
    QueryLanguage: "JSONata",
    StartAt: "Only",
    States: { Only: { ...state, End: true }, ...more },
  };
}

/** The state of the optimized integration. */
export function invoke(functionName: string, more: object = {}): object {
  return {
    Type: "Task",
    Resource: "arn:aws:states:::lambda:invoke",
    Arguments: { FunctionName: functionName, Payload: "{% $states.input %}" },
    Output: "{% $states.result.Payload %}",
    ...more,
  };
}

export function mayInvoke(...functionNames: string[]): Statement {
  return {
    Action: "lambda:InvokeFunction",
    Resource: functionNames.map((name) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`),
  };
}
