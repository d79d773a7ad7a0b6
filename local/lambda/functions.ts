import { AsyncInvocations } from "./async-invocations.ts";
import type { AsyncInvocation, FunctionDefinition } from "./function-definition.ts";
import { FunctionPool } from "./function-pool.ts";
import type { Platform } from "./platform.ts";
import { ResourcePolicies } from "./resource-policies.ts";

/** All functions of the stack. */
export class Functions {
  readonly policies = new ResourcePolicies();
  readonly #platform: Platform;
  readonly #pools = new Map<string, FunctionPool>();
  readonly #asyncInvocations: AsyncInvocations;

  constructor(platform: Platform) {
    this.#platform = platform;
    this.#asyncInvocations = new AsyncInvocations(platform);
  }

  create(definition: FunctionDefinition): void {
    this.#pools.set(definition.name, new FunctionPool(definition, this.#platform));
  }

  /** Implements `PutFunctionEventInvokeConfig`. */
  configureAsyncInvocation(name: string, settings: AsyncInvocation): void {
    this.#asyncInvocations.configure(name, settings);
  }

  /** Finds a function by name or ARN, with or without a qualifier. */
  find(nameOrArn: string): FunctionPool | undefined {
    const unqualified = nameOrArn.replace(/:\$LATEST$/, "");
    return this.#pools.get(unqualified.split(":").at(-1) ?? "");
  }

  all(): FunctionPool[] {
    return [...this.#pools.values()];
  }

  /** Starts an asynchronous invocation and returns its request id immediately. */
  invokeLater(pool: FunctionPool, event: string): string {
    return this.#asyncInvocations.accept(pool, event);
  }

  async stop(): Promise<void> {
    await Promise.all(this.all().map((pool) => pool.stop()));
    await this.#asyncInvocations.stop();
  }
}
