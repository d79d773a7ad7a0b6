import type { Functions } from "../lambda/functions.ts";
import type { RolePlatform } from "../lambda/role-platform.ts";
import type { LocalService } from "../protocol/service.ts";
import { AccessDeniedError } from "../protocol/service.ts";
import type { LogStore } from "../services/logs/log-store.ts";
import { type LogSettings, logging } from "./execution-log.ts";
import { Executions } from "./executions/executions.ts";
import { roleServices } from "./role-services.ts";
import type { StateMachine } from "./state-machine.ts";
import { type NewStateMachine, StateMachines } from "./state-machines.ts";
import { StatesError } from "./states-error.ts";
import { statesService } from "./wire/states-service.ts";

/** Step Functions in this process: the machines of the deployment and the executions of callers. */
export class StepFunctions {
  readonly service: LocalService;
  readonly #machines = new StateMachines();
  readonly #executions: Executions;
  readonly #logs: LogStore;

  constructor(platform: RolePlatform, functions: Functions, logs: LogStore) {
    this.#logs = logs;
    this.#executions = new Executions({
      of: ({ roleName }) => roleServices(platform, functions, roleName),
      measure: ({ arn }, name) =>
        platform.metrics.record({ namespace: "AWS/States", name, dimensions: { StateMachineArn: arn } }, 1),
      authorizeChildren: (machine) => authorizeChildren(platform, machine),
    });
    this.service = statesService(this.#machines, this.#executions);
  }

  /** Throws DefinitionRefusedError. */
  create(wanted: Omit<NewStateMachine, "logging">, logSettings: LogSettings | undefined): StateMachine {
    return this.#machines.create({
      ...wanted,
      logging: logSettings && logging(this.#logs, wanted.name, logSettings),
    });
  }

  /** Aborts every execution. Resolves when all have ended. */
  stop(): Promise<void> {
    return this.#executions.stop();
  }
}

/** A distributed Map's children are started under the machine's own role. */
function authorizeChildren(platform: RolePlatform, { roleName, arn }: StateMachine): void {
  try {
    platform.authorize(roleName, { action: "states:StartExecution", resource: arn });
  } catch (error) {
    if (!(error instanceof AccessDeniedError)) throw error;
    throw new StatesError("States.Permissions", error.message);
  }
}
