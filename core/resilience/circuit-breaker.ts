import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
} from "cockatiel";
import { VectorkeepError } from "../vectorkeep-error.ts";

/** A dependency failed repeatedly, and is not called for a while. The work is not at fault: it is deferred. */
export class CircuitOpenError extends VectorkeepError {
  /** When the dependency may be called again; epoch ms. */
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
  /** As people read it. */
  readonly dependency: string;
  /** Consecutive failures that open the circuit. */
  readonly maxFailures: number;
  /** From there until one call is let through to find out whether the dependency is back. */
  readonly openMs: number;
  /** Whether an error means that the dependency is away. Other errors are answers of one that works. */
  isOutage(error: unknown): boolean;
}

/**
 * Stops calling a dependency that is away. It repeats nothing: attempts and waits are the caller's. cockatiel has the states;
 * its clock is the system's.
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

  /** Throws CircuitOpenError, without a call or in place of the failure that opened the circuit, and what `call` throws. */
  async run<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await this.#policy.execute(call);
    } catch (error) {
      if (error instanceof BrokenCircuitError) throw this.#open();
      if (this.#policy.state === CircuitState.Open && this.#options.isOutage(error)) throw this.#open(error);
      throw error;
    }
  }

  /** Throws CircuitOpenError while no call would be let through. */
  check(): void {
    const isOver = Date.now() - this.#openedAt >= this.#options.openMs;
    if (this.#policy.state === CircuitState.Open && !isOver) throw this.#open();
  }

  #open(cause?: unknown): CircuitOpenError {
    return new CircuitOpenError(this.#options.dependency, this.#openedAt + this.#options.openMs, cause);
  }
}
