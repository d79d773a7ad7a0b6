import { setTimeout as delay } from "node:timers/promises";
import { InvocationType, InvokeCommand } from "@aws-sdk/client-lambda";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { queueUrlOfArn } from "../processes/queue-url.ts";
import type { AsyncInvocation } from "./function-definition.ts";
import type { FunctionPool } from "./function-pool.ts";
import { type InvocationResult, newRequestId, TooManyRequestsError } from "./invocation.ts";
import type { Platform } from "./platform.ts";

/** AWS waits one minute, then two; these delays are shorter for local use. */
const retryDelaysMilliseconds = [1000, 2000];
const defaults: AsyncInvocation = { maximumRetries: 2, onFailure: undefined };
const throttleDelayMilliseconds = 500;

/**
 * Asynchronous invocations (`InvocationType: Event`): accepted immediately, retried after failures, and finally sent to
 * the on-failure destination.
 */
export class AsyncInvocations {
  readonly #platform: Platform;
  readonly #open = new Set<Promise<void>>();
  readonly #settings = new Map<string, AsyncInvocation>();
  readonly #stopping = new AbortController();

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  configure(functionName: string, settings: AsyncInvocation): void {
    this.#settings.set(functionName, settings);
  }

  /** Returns the request id. */
  accept(pool: FunctionPool, event: string): string {
    const requestId = newRequestId();
    const run = this.#run(pool, event, requestId)
      .catch((error: unknown) => {
        if (this.#stopping.signal.aborted) return;
        this.#platform.report(`An asynchronous invocation of ${pool.definition.name} was lost: ${error}`);
      })
      .finally(() => this.#open.delete(run));
    this.#open.add(run);
    return requestId;
  }

  /** Drops pending retries. The functions' processes must be stopped first. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#open);
  }

  async #run(pool: FunctionPool, event: string, requestId: string): Promise<void> {
    const { maximumRetries, onFailure } = this.#settings.get(pool.definition.name) ?? defaults;
    for (let attempt = 1; ; attempt += 1) {
      const result = await this.#unthrottled(pool, event, requestId);
      if (!result.failed) return;
      if (attempt > maximumRetries) {
        if (onFailure !== undefined) await this.#sendFailure(pool, onFailure, event, result, attempt);
        return;
      }
      await delay(retryDelaysMilliseconds[attempt - 1] ?? 0, undefined, { signal: this.#stopping.signal });
    }
  }

  async #unthrottled(pool: FunctionPool, event: string, requestId: string): Promise<InvocationResult> {
    for (;;) {
      try {
        return await pool.invoke(event, requestId);
      } catch (error) {
        if (!(error instanceof TooManyRequestsError)) throw error;
        await delay(throttleDelayMilliseconds, undefined, { signal: this.#stopping.signal });
      }
    }
  }

  /** Sends a failure to a queue, or to another function, which is invoked asynchronously. */
  async #sendFailure(
    pool: FunctionPool,
    destinationArn: string,
    event: string,
    result: InvocationResult,
    attempts: number,
  ): Promise<void> {
    const { roleName, arn } = pool.definition;
    const { sqs, lambda } = this.#platform.clients(roleName);
    const record = JSON.stringify({
      version: "1.0",
      timestamp: new Date().toISOString(),
      requestContext: {
        requestId: result.requestId,
        functionArn: `${arn}:$LATEST`,
        condition: "RetriesExhausted",
        approximateInvokeCount: attempts,
      },
      requestPayload: JSON.parse(event),
      responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
      responsePayload: JSON.parse(result.payload),
    });
    if (destinationArn.startsWith("arn:aws:lambda:")) {
      await lambda.send(
        new InvokeCommand({
          FunctionName: destinationArn,
          InvocationType: InvocationType.Event,
          Payload: record,
        }),
      );
      return;
    }
    const QueueUrl = queueUrlOfArn(this.#platform.endpoint, destinationArn);
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: record }));
  }
}
