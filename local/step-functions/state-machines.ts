import { stateMachineArn } from "./arns.ts";
import { readDefinition } from "./definition/read-definition.ts";
import type { StateMachine } from "./state-machine.ts";

export type NewStateMachine = Omit<StateMachine, "arn" | "graph" | "createdAt">;

/** The state machines of the stack. */
export class StateMachines {
  readonly #byArn = new Map<string, StateMachine>();

  /** Throws DefinitionRefusedError. */
  create(wanted: NewStateMachine): StateMachine {
    const machine = {
      ...wanted,
      arn: stateMachineArn(wanted.name),
      graph: readDefinition(wanted.definition),
      createdAt: Date.now() / 1000,
    };
    this.#byArn.set(machine.arn, machine);
    return machine;
  }

  find(arn: string): StateMachine | undefined {
    return this.#byArn.get(arn);
  }

  all(): StateMachine[] {
    return [...this.#byArn.values()];
  }
}
