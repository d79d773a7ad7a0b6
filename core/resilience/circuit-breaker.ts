import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
} from "cockatiel";
import { VectorkeepError } from "../vectorkeep-error.ts";

/** A dependency failed repeatedly and is not called for a while. The work is not at fault and is deferred. */
export class CircuitOpenError extends VectorkeepError {
  /** Epoch milliseconds from which the dependency may be called again. */
  readonly retryAt: number;

  constructor(dependency: string, retryAt: number, cause?: unknown) {
    super(
      `${dependency} failed repeatedly and is not called until ${new Date(retryAt).toISOString()}.`,
      "The work is deferred until then. Check the status of the dependency and the errors before this one.",
      { cause },
    );
    this.retryAt = retryAt;
  }
}

export interface CircuitBreakerOptions {
  /** Name of the dependency in messages. */
  readonly dependency: string;
  /** Number of consecutive failures that opens the circuit. */
  readonly maxFailures: number;
  /** Time after which one call is let through, to find out whether the dependency has recovered. */
  readonly openMs: number;
  /** Whether an error means that the dependency is unavailable. Other errors are responses of a working dependency. */
  isOutage(error: unknown): boolean;
}

/**
 * Stops calling an unavailable dependency. Does not retry or wait: both are up to the caller. The state machine is
 * cockatiel's, which uses the system clock.
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  readonly #policy: CircuitBreakerPolicy;
  #openedAt = 0;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
    this.#policy = circuitBreaker(handleWhen(options.isOutage), {
      halfOpenAfter: options.openMs,
      breaker: new ConsecutiveBreaker(options.maxFailures),
    });
    this.#policy.onBreak(() => {
      this.#openedAt = Date.now();
    });
  }

  /**
   * Runs the call. Throws the errors of `call`, and CircuitOpenError if the circuit is open or this failure opens it.
   */
  async run<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await this.#policy.execute(call);
    } catch (error) {
      if (error instanceof BrokenCircuitError) throw this.#open();
      if (this.#policy.state === CircuitState.Open && this.#options.isOutage(error)) throw this.#open(error);
      throw error;
    }
  }

  /** Throws CircuitOpenError if no call would be let through now. */
  check(): void {
    const isOver = Date.now() - this.#openedAt >= this.#options.openMs;
    if (this.#policy.state === CircuitState.Open && !isOver) throw this.#open();
  }

  #open(cause?: unknown): CircuitOpenError {
    return new CircuitOpenError(this.#options.dependency, this.#openedAt + this.#options.openMs, cause);
  }
}
