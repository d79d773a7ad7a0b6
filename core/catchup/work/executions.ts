import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from "@aws-sdk/client-sfn";
import type { Plan } from "../sources/plan.ts";
import type { ChunkDispatcher } from "./chunk-dispatcher.ts";

/** The input of the state machine. It refers to the list of chunks instead of containing it (F22). */
interface ExecutionInput {
  readonly task_id: string;
  readonly chunks_key: string;
  /** The list of units that batches pay for; absent in lane sync. */
  readonly units_key?: string;
}

/** Time for which an execution that was running is assumed to be running still. */
const trustedMs = 10_000;

/** Executions of the catch-up state machine. There is one per task, named after it. */
export class Executions implements ChunkDispatcher {
  readonly kind = "state_machine";
  readonly #client: SFNClient;
  readonly #stateMachineArn: string;
  /** When each execution was last seen running, in epoch milliseconds. */
  readonly #seenRunning = new Map<string, number>();

  constructor(client: SFNClient, stateMachineArn: string) {
    this.#client = client;
    this.#stateMachineArn = stateMachineArn;
  }

  /** Resolves to the execution's ARN. Starting a task again resolves to the same execution. */
  async start(taskId: string, { chunks_key }: Plan, unitsKey?: string): Promise<string> {
    const input: ExecutionInput = {
      task_id: taskId,
      chunks_key,
      ...(unitsKey !== undefined && { units_key: unitsKey }),
    };
    try {
      const { executionArn } = await this.#client.send(
        new StartExecutionCommand({
          stateMachineArn: this.#stateMachineArn,
          name: taskId,
          input: JSON.stringify(input),
        }),
      );
      return executionArn ?? this.#arnOf(taskId);
    } catch (error) {
      if (error instanceof ExecutionAlreadyExists) return this.#arnOf(taskId);
      throw error;
    }
  }

  /** Succeeds if the execution does not exist or has ended. */
  async stop(executionArn: string): Promise<void> {
    try {
      await this.#client.send(new StopExecutionCommand({ executionArn, cause: "The task was cancelled." }));
    } catch (error) {
      if (!(error instanceof ExecutionDoesNotExist)) throw error;
    }
  }

  /**
   * The result is up to ten seconds old, because DescribeExecution is limited to 15 calls per second and account, and
   * callers may ask more often.
   */
  async isRunning(executionArn: string): Promise<boolean> {
    if (Date.now() - (this.#seenRunning.get(executionArn) ?? 0) < trustedMs) return true;
    this.#seenRunning.delete(executionArn);
    try {
      const { status } = await this.#client.send(new DescribeExecutionCommand({ executionArn }));
      const runs = status === "RUNNING" || status === "PENDING_REDRIVE";
      if (runs) this.#seenRunning.set(executionArn, Date.now());
      return runs;
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return false;
      throw error;
    }
  }

  #arnOf(name: string): string {
    return `${this.#stateMachineArn.replace(":stateMachine:", ":execution:")}:${name}`;
  }
}
