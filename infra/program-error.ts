import * as pulumi from "@pulumi/pulumi";
import { errorCodeOf } from "../contract/error-code.ts";

/**
 * The base of every error that ends a deployment before it changes anything. It has the problem, its subject and the
 * remedy. Pulumi prints a RunError without its stack trace.
 */
export abstract class ProgramError extends pulumi.RunError {
  /** The operator's next step. */
  readonly remedy: string;

  /** A stable code, as `VK_CONFIGURATION_INVALID`. */
  get code(): string {
    return errorCodeOf(this.constructor.name);
  }

  constructor(what: string, remedy: string) {
    super(`${what}\n${remedy}`);
    this.name = new.target.name;
    this.remedy = remedy;
  }
}
