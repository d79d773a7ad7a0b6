import type { Deployment } from "./rest-api.ts";
import { type Throttle, TokenBucket } from "./token-bucket.ts";

/** Names every method of a stage. */
const everyMethod = "*/*";

/** A deployment under a name in the API's address. */
export class Stage {
  readonly name: string;
  readonly deployment: Deployment;
  readonly variables: Readonly<Record<string, string>>;
  readonly #throttles = new Map<string, Throttle>();
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(name: string, deployment: Deployment, variables: Stage["variables"]) {
    this.name = name;
    this.deployment = deployment;
    this.variables = variables;
  }

  /** `methodPath` is a resource's path without its first slash, and a method: `tasks/GET`. */
  throttle(methodPath: string, throttle: Throttle): void {
    this.#throttles.set(methodPath, throttle);
  }

  /**
   * Counts a request to a method and returns whether it is allowed. Each method has its own limits, even if they were
   * set for all methods together.
   */
  admits(resourcePath: string, httpMethod: string): boolean {
    const methodPath = `${resourcePath.slice(1)}/${httpMethod}`;
    const throttle = this.#throttles.get(methodPath) ?? this.#throttles.get(everyMethod);
    if (throttle === undefined) return true;
    const now = performance.now();
    const bucket = this.#buckets.get(methodPath) ?? new TokenBucket(throttle, now);
    this.#buckets.set(methodPath, bucket);
    return bucket.take(now);
  }
}
