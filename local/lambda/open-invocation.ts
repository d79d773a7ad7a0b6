import { errorPayload, type InvocationResult, maxAnswerBytes } from "./invocation.ts";

interface Outcome {
  readonly payload: string;
  readonly failed: boolean;
}

/** An invocation from its assignment to a process to its response. */
export class OpenInvocation {
  readonly requestId: string;
  /** JSON. */
  readonly event: string;
  /** The header that requests of the handler carry on. */
  readonly trace: string;
  readonly log: string[] = [];
  readonly result: Promise<InvocationResult>;
  /** Undefined until the handler was given the event. Milliseconds of performance.now(). */
  begunAt: number | undefined;
  timer: NodeJS.Timeout | undefined;
  /** The process marks the end on stdout and on stderr, so that no line is missed. */
  #marksAwaited = 2;
  #outcome: Outcome | undefined;
  #settle: (result: InvocationResult) => void = () => {};

  constructor(requestId: string, event: string, trace: string) {
    this.requestId = requestId;
    this.event = event;
    this.trace = trace;
    this.result = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get answered(): boolean {
    return this.#outcome !== undefined;
  }

  get complete(): boolean {
    return this.answered && this.#marksAwaited <= 0;
  }

  mark(): void {
    this.#marksAwaited -= 1;
  }

  answer(outcome: Outcome): void {
    const tooLarge = Buffer.byteLength(outcome.payload) > maxAnswerBytes;
    this.#outcome ??= tooLarge ? answerTooLarge : outcome;
  }

  fail(errorType: string, message: string): void {
    this.answer({
      failed: true,
      payload: errorPayload(errorType, `RequestId: ${this.requestId} Error: ${message}`),
    });
  }

  /** Passes the outcome to the invoker. Call it once there is a response. */
  settle(): void {
    if (this.#outcome === undefined) throw new Error(`Invocation ${this.requestId} has no outcome yet.`);
    this.#settle({ requestId: this.requestId, log: this.log, ...this.#outcome });
  }
}

const answerTooLarge: Outcome = {
  failed: true,
  payload: errorPayload(
    "Function.ResponseSizeTooLarge",
    `Response payload size exceeded maximum allowed payload size (${maxAnswerBytes} bytes).`,
  ),
};
