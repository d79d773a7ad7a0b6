export type LanguageName = "JSONata" | "JSONPath";

/** A state machine's definition, or that of a branch or of a Map's items, as it was checked at creation. */
export interface StateGraph {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
  readonly TimeoutSeconds: number | undefined;
}

/** The fields that define the output of a JSONata or JSONPath state. */
export interface OutputFields {
  readonly Output?: unknown;
  readonly Assign?: Readonly<Record<string, unknown>> | undefined;
  readonly ResultSelector?: unknown;
  readonly ResultPath?: string | null | undefined;
  readonly OutputPath?: string | null | undefined;
}

/** The fields that define the input of a state's work. */
export interface InputFields {
  readonly Arguments?: unknown;
  readonly InputPath?: string | null | undefined;
  readonly Parameters?: unknown;
}

interface AnyState extends OutputFields, InputFields {
  readonly name: string;
  readonly language: LanguageName;
  readonly Next?: string | undefined;
}

export interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds: number;
  readonly BackoffRate: number;
  readonly MaxAttempts: number;
  readonly MaxDelaySeconds?: number | undefined;
  readonly JitterStrategy: "NONE" | "FULL";
}

export interface Catcher extends OutputFields {
  readonly ErrorEquals: readonly string[];
  readonly Next: string;
}

export interface Recovery {
  readonly Retry: readonly Retrier[];
  readonly Catch: readonly Catcher[];
}

/** A number, or in JSONata an expression; in JSONPath a field named `...Path` may stand instead. */
export type NumberField = number | string | undefined;

export interface TaskState extends AnyState, Recovery {
  readonly Type: "Task";
  readonly Resource: string;
  readonly TimeoutSeconds?: NumberField;
}

export interface PassState extends AnyState {
  readonly Type: "Pass";
  readonly Result?: unknown;
}

export interface SucceedState extends AnyState {
  readonly Type: "Succeed";
}

export interface FailState extends AnyState {
  readonly Type: "Fail";
  readonly Error?: string | undefined;
  readonly Cause?: string | undefined;
}

export interface WaitState extends AnyState {
  readonly Type: "Wait";
}

/** A comparison of JSONPath, or a Condition of JSONata. */
export type ChoiceRule = Readonly<Record<string, unknown>>;

export interface ChoiceState extends AnyState {
  readonly Type: "Choice";
  readonly Choices: readonly (ChoiceRule & OutputFields & { readonly Next: string })[];
  readonly Default?: string | undefined;
}

export interface ParallelState extends AnyState, Recovery {
  readonly Type: "Parallel";
  readonly Branches: readonly StateGraph[];
}

export interface ItemReader extends InputFields {
  readonly ReaderConfig: {
    readonly InputType: "CSV" | "JSON" | "JSONL";
    readonly CSVHeaderLocation?: "FIRST_ROW" | "GIVEN" | undefined;
    readonly CSVHeaders?: readonly string[] | undefined;
    readonly CSVDelimiter: keyof typeof csvDelimiters;
    readonly MaxItems?: NumberField;
  };
}

export const csvDelimiters = { COMMA: ",", PIPE: "|", SEMICOLON: ";", SPACE: " ", TAB: "\t" } as const;

export interface ItemBatcher {
  readonly MaxItemsPerBatch?: NumberField;
  readonly MaxInputBytesPerBatch?: NumberField;
  readonly BatchInput?: unknown;
}

export interface ResultWriter extends InputFields {
  readonly Resource?: string | undefined;
  readonly WriterConfig?:
    | { readonly Transformation: "NONE" | "COMPACT" | "FLATTEN"; readonly OutputType: "JSON" | "JSONL" }
    | undefined;
}

export interface MapState extends AnyState, Recovery {
  readonly Type: "Map";
  readonly distributed: boolean;
  readonly itemProcessor: StateGraph;
  readonly Items?: unknown;
  readonly ItemsPath?: string | undefined;
  readonly ItemSelector?: unknown;
  readonly MaxConcurrency?: NumberField;
  readonly Label?: string | undefined;
  readonly ItemReader?: ItemReader | undefined;
  readonly ItemBatcher?: ItemBatcher | undefined;
  readonly ResultWriter?: ResultWriter | undefined;
  readonly ToleratedFailureCount?: NumberField;
  readonly ToleratedFailurePercentage?: NumberField;
}

export type State =
  | TaskState
  | PassState
  | SucceedState
  | FailState
  | WaitState
  | ChoiceState
  | ParallelState
  | MapState;
