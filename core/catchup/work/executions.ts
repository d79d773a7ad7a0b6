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

/** What the state machine is given: where the chunks are, never the chunks themselves (F22). */
interface ExecutionInput {
  readonly task_id: string;
  readonly chunks_key: string;
}

/** For how long an execution that ran is taken to run on. */
const trustedMs = 10_000;

/** Executions of the catch-up state machine, one a task, named by it. */
export class Executions implements ChunkDispatcher {
  readonly kind = "state_machine";
  readonly #client: SFNClient;
  readonly #stateMachineArn: string;
  /** When each was last seen running, epoch milliseconds. */
  readonly #seenRunning = new Map<string, number>();

  constructor(client: SFNClient, stateMachineArn: string) {
    this.#client = client;
    this.#stateMachineArn = stateMachineArn;
  }

  /** Starting the execution of a task again gives the same one. Returns its ARN. */
  async start(taskId: string, { chunks_key }: Plan): Promise<string> {
    const input: ExecutionInput = { task_id: taskId, chunks_key };
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

  /** One that does not exist or has ended is stopped already. */
  async stop(executionArn: string): Promise<void> {
    try {
      await this.#client.send(new StopExecutionCommand({ executionArn, cause: "The task was cancelled." }));
    } catch (error) {
      if (!(error instanceof ExecutionDoesNotExist)) throw error;
    }
  }

  /**
   * Up to ten seconds old: DescribeExecution is limited to 15 calls per second and account, and callers may repeat a
   * request more often.
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
