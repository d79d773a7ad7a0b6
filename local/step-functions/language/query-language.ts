import type { InputFields, OutputFields } from "../graph/definition.ts";

export type Variables = Readonly<Record<string, unknown>>;

/** What the expressions of one visit of a state see. */
export interface Scope {
  /** As the state got it. */
  readonly input: unknown;
  /** `$states.context` or `$$`. */
  readonly context: Readonly<Record<string, unknown>>;
  readonly variables: Variables;
}

/** What a state's work came to, for its output. */
export type Outcome = { readonly result: unknown } | { readonly errorOutput: unknown };

export interface Departure {
  readonly output: unknown;
  /** Variables that the next states see. */
  readonly assigned: Variables;
}

/** How a state's fields are computed. Everything here throws StatesError. */
export interface QueryLanguage {
  /** What the work is given: Arguments, or InputPath and Parameters; without them the input. */
  workInput(fields: InputFields, scope: Scope): Promise<unknown>;
  /** What a Map state maps over when it reads no file. */
  items(
    fields: InputFields & { Items?: unknown; ItemsPath?: string | undefined },
    scope: Scope,
  ): Promise<unknown>;
  /** A template such as ItemSelector. */
  template(template: unknown, fields: InputFields, scope: Scope): Promise<unknown>;
  /** One field that may be computed, or (JSONPath) a field of its name and `Path` in its place. */
  field(holder: object, name: string, fields: InputFields, scope: Scope): Promise<unknown>;
  leave(fields: OutputFields, scope: Scope, outcome: Outcome): Promise<Departure>;
}
