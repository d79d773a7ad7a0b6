import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** An invocation as the Runtime API hands it to a process. */
export interface RuntimeInvocation {
  readonly requestId: string;
  /** JSON. */
  readonly event: string;
  /** Epoch milliseconds. */
  readonly deadline: number;
  readonly functionArn: string;
  /** The tracing header of X-Ray. */
  readonly trace: string;
}

/** Receives the reports of a process through the Runtime API. Payloads are JSON. */
export interface RuntimeListener {
  /** Resolves when there is an invocation for the process. */
  next(): Promise<RuntimeInvocation>;
  responded(requestId: string, payload: string): void;
  failed(requestId: string, payload: string): void;
  initFailed(payload: string): void;
}

/**
 * Lambda's Runtime API on loopback for all processes of the stack. Each process has an address with its own path:
 * `127.0.0.1:{port}/{process id}`.
 */
export class RuntimeApi {
  readonly #listeners = new Map<string, RuntimeListener>();
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch(() => response.destroy());
  });

  async start(): Promise<void> {
    this.#server.keepAliveTimeout = 0;
    this.#server.requestTimeout = 0;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", resolve);
    });
  }

  /** The value of AWS_LAMBDA_RUNTIME_API for the process. */
  connect(processId: string, listener: RuntimeListener): string {
    this.#listeners.set(processId, listener);
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}/${processId}`;
  }

  disconnect(processId: string): void {
    this.#listeners.delete(processId);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, processId = "", , , ...call] = (request.url ?? "").split("/");
    const listener = this.#listeners.get(processId);
    const body = await text(request);
    const [subject, id = "", outcome] = call;
    if (listener === undefined) {
      response.writeHead(403).end();
    } else if (subject === "invocation" && id === "next") {
      const invocation = await listener.next();
      response.writeHead(200, {
        "content-type": "application/json",
        "lambda-runtime-aws-request-id": invocation.requestId,
        "lambda-runtime-deadline-ms": invocation.deadline,
        "lambda-runtime-invoked-function-arn": invocation.functionArn,
        "lambda-runtime-trace-id": invocation.trace,
      });
      response.end(invocation.event);
    } else {
      if (subject === "init") listener.initFailed(body);
      else if (outcome === "response") listener.responded(id, body);
      else listener.failed(id, body);
      response.writeHead(202, { "content-type": "application/json" }).end('{"status":"OK"}');
    }
  }
}
