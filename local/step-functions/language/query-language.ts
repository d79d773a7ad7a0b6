import type { InputFields, OutputFields } from "../graph/definition.ts";

export type Variables = Readonly<Record<string, unknown>>;

/** The data that expressions can access in one visit of a state. */
export interface Scope {
  /** The original input of the state. */
  readonly input: unknown;
  /** `$states.context` or `$$`. */
  readonly context: Readonly<Record<string, unknown>>;
  readonly variables: Variables;
}

/** The outcome of a state's work, from which its output is computed. */
export type Outcome = { readonly result: unknown } | { readonly errorOutput: unknown };

export interface Departure {
  readonly output: unknown;
  /** Variables that the next states see. */
  readonly assigned: Variables;
}

/** Evaluates a state's fields. All methods throw StatesError. */
export interface QueryLanguage {
  /** Returns the input of the work: Arguments, or InputPath and Parameters; by default the state's input. */
  workInput(fields: InputFields, scope: Scope): Promise<unknown>;
  /** Returns the items of a Map state that reads no file. */
  items(
    fields: InputFields & { Items?: unknown; ItemsPath?: string | undefined },
    scope: Scope,
  ): Promise<unknown>;
  /** A template such as ItemSelector. */
  template(template: unknown, fields: InputFields, scope: Scope): Promise<unknown>;
  /** Evaluates a field, or in JSONPath the field with `Path` after its name. */
  field(holder: object, name: string, fields: InputFields, scope: Scope): Promise<unknown>;
  leave(fields: OutputFields, scope: Scope, outcome: Outcome): Promise<Departure>;
}
