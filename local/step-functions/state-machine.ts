import type { StateGraph } from "./graph/definition.ts";
import type { HistoryEvent } from "./interpreter/history.ts";

/** A created state machine. */
export interface StateMachine {
  readonly name: string;
  readonly arn: string;
  /** The original text. */
  readonly definition: string;
  readonly graph: StateGraph;
  readonly roleName: string;
  readonly roleArn: string;
  readonly createdAt: number;
  readonly logging: Logging | undefined;
}

export type LogLevel = "ALL" | "ERROR" | "FATAL" | "OFF";

/** The logging of executions to CloudWatch Logs. */
export interface Logging {
  readonly level: LogLevel;
  readonly logGroupArn: string;
  readonly includeExecutionData: boolean;
  write(executionArn: string, event: HistoryEvent): void;
}
