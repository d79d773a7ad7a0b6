import * as pulumi from "@pulumi/pulumi";
import { VectorkeepError } from "../core/vectorkeep-error.ts";
import type { Deployment } from "./monitor/deployment.ts";
import { findMissing } from "./monitor/marks.ts";
import { LocalMonitor } from "./monitor/monitor.ts";

/** The configuration of a stack, by `namespace:key`. */
export interface StackConfiguration {
  readonly plain: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}

/** The program could not be deployed into the local AWS; every problem is in the message. */
export class DeploymentFailedError extends VectorkeepError {
  constructor(problems: readonly unknown[]) {
    const texts = problems.map((problem) => (problem instanceof Error ? problem.message : String(problem)));
    super(
      `The program could not be deployed into the local AWS.\n${texts.join("\n")}\n`,
      "Nothing is left running.",
      { cause: problems[0] },
    );
  }
}

/**
 * Runs infra/program.ts as Pulumi's engine would, with every resource created locally, and resolves to the stack's
 * outputs. One program at a time in a process: Pulumi's runtime is global. Throws DeploymentFailedError.
 */
export async function deploy(
  { plain, secrets }: StackConfiguration,
  deployment: Deployment,
): Promise<unknown> {
  const monitor = new LocalMonitor(deployment);
  pulumi.runtime.setAllConfig({ ...plain, ...secrets }, Object.keys(secrets));
  await pulumi.runtime.setMocks(monitor, "vectorkeep", "local", false);
  const { vectorkeep } = await import("../infra/program.ts");
  const thrown: unknown[] = [];
  const outputs = await pulumi.runtime.runInPulumiStack(() =>
    vectorkeep().catch((error: unknown) => {
      thrown.push(error);
    }),
  );
  await pulumi.runtime.disconnect();
  // Failures in the monitor are the cause of the program's own error.
  const problems = monitor.failures.length > 0 ? monitor.failures : thrown;
  if (problems.length > 0) throw new DeploymentFailedError(problems);
  const resolved = await settled(outputs);
  const missing = findMissing(resolved);
  if (missing.length > 0) {
    throw new DeploymentFailedError(
      missing.map((output) => `The stack's outputs need ${output}, which the local AWS does not return.`),
    );
  }
  return resolved;
}

/** Resolves outputs however deep they lie. */
function settled(value: unknown): Promise<unknown> {
  const outputs: pulumi.Output<unknown> = pulumi.output(value);
  return new Promise((resolve) => outputs.apply(resolve));
}
