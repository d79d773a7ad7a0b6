import { randomUUID } from "node:crypto";
import { z } from "zod";
import { VectorkeepError } from "../../../core/vectorkeep-error.ts";
import type { LanguageName, State, StateGraph } from "../graph/definition.ts";
import { stateFields } from "./state-fields.ts";

/** A definition that the local Step Functions cannot run faithfully; refusing it beats guessing. */
export class DefinitionRefusedError extends VectorkeepError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `The state machine's definition cannot run locally: ${problems.join("; ")}.`,
      "Correct the definition; if AWS would have taken it, teach local/step-functions.",
    );
    this.problems = problems;
  }
}

const languageName = z.enum(["JSONata", "JSONPath"]);
const graphFields = {
  Comment: z.string().optional(),
  StartAt: z.string(),
  States: z.record(z.string(), z.looseObject({ Type: z.string(), QueryLanguage: languageName.optional() })),
};
const topLevel = z.strictObject({
  ...graphFields,
  QueryLanguage: languageName.default("JSONPath"),
  TimeoutSeconds: z.number().int().min(1).optional(),
  Version: z.literal("1.0").optional(),
});
const branch = z.strictObject(graphFields);
const itemProcessor = z.strictObject({
  ...graphFields,
  ProcessorConfig: z
    .discriminatedUnion("Mode", [
      z.strictObject({ Mode: z.literal("INLINE") }),
      z.strictObject({
        Mode: z.literal("DISTRIBUTED"),
        ExecutionType: z.literal("STANDARD", "the local Step Functions has no Express workflows"),
      }),
    ])
    .default({ Mode: "INLINE" }),
});

type RawGraph = z.infer<typeof branch>;

/** Reads and checks an Amazon States Language definition. Throws DefinitionRefusedError with every problem, by state and field. */
export function readDefinition(text: string): StateGraph {
  const problems: string[] = [];
  const raw = parse(topLevel, parseJson(text), "the definition", problems);
  const graph = raw && readGraph(raw, raw.QueryLanguage, problems);
  if (raw === undefined || graph === undefined || problems.length > 0)
    throw new DefinitionRefusedError(problems);
  return { ...graph, TimeoutSeconds: raw.TimeoutSeconds };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DefinitionRefusedError(["it is not JSON"]);
  }
}

function readGraph(raw: RawGraph, language: LanguageName, problems: string[]): StateGraph {
  const states = Object.entries(raw.States).map(([name, state]): [string, State | undefined] => [
    name,
    readState(name, state, language, problems),
  ]);
  checkTransitions(raw, problems);
  const read = states.filter((entry): entry is [string, State] => entry[1] !== undefined);
  return { StartAt: raw.StartAt, States: Object.fromEntries(read), TimeoutSeconds: undefined };
}

function readState(
  name: string,
  raw: RawGraph["States"][string],
  inherited: LanguageName,
  problems: string[],
): State | undefined {
  const language = raw.QueryLanguage ?? inherited;
  if (inherited === "JSONata" && language === "JSONPath") {
    problems.push(`state "${name}": QueryLanguage: a JSONata state machine has no JSONPath states`);
  }
  const fields = stateFields(raw.Type, language);
  if (fields === undefined) {
    problems.push(`state "${name}": Type: the local Step Functions has no states of type ${raw.Type}`);
    return undefined;
  }
  const schema = z.strictObject({
    Type: z.string(),
    Comment: z.string().optional(),
    QueryLanguage: languageName.optional(),
    ...fields,
  });
  const state = parse(schema, raw, `state "${name}"`, problems);
  if (state === undefined) return undefined;
  // The schema of this type and language has checked every field that State has.
  return { ...state, ...nested(name, state, language, problems), name, language } as unknown as State;
}

function nested(
  name: string,
  state: Readonly<Record<string, unknown>>,
  language: LanguageName,
  problems: string[],
): object {
  if (state.Type === "Parallel" && Array.isArray(state.Branches)) {
    const branches = state.Branches.map((raw, at) =>
      parse(branch, raw, `state "${name}": Branches.${at}`, problems),
    );
    return { Branches: branches.map((raw) => raw && readGraph(raw, language, problems)) };
  }
  if (state.Type !== "Map") return {};
  const processor = parse(itemProcessor, state.ItemProcessor, `state "${name}": ItemProcessor`, problems);
  if (processor === undefined) return {};
  const distributed = processor.ProcessorConfig.Mode === "DISTRIBUTED";
  if (!distributed) problems.push(...distributedOnly(name, state));
  const label = distributed ? { Label: state.Label ?? generatedLabel(name) } : {};
  return { distributed, itemProcessor: readGraph(processor, language, problems), ...label };
}

function distributedOnly(name: string, state: Readonly<Record<string, unknown>>): string[] {
  return [
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "Label",
    "ToleratedFailureCount",
    "ToleratedFailurePercentage",
  ]
    .filter((field) => state[field] !== undefined)
    .map((field) => `state "${name}": ${field}: belongs to Maps of mode DISTRIBUTED`);
}

/** AWS makes one up too, which differs with every definition. */
function generatedLabel(name: string): string {
  return `${name.replace(/[^\w-]/g, "").slice(0, 31)}${randomUUID().slice(0, 8)}`;
}

function checkTransitions({ StartAt, States }: RawGraph, problems: string[]): void {
  const isKnown = (name: unknown) => typeof name === "string" && Object.hasOwn(States, name);
  if (!isKnown(StartAt)) problems.push(`StartAt: there is no state "${StartAt}"`);
  for (const [name, state] of Object.entries(States)) {
    for (const [field, target] of transitions(state)) {
      if (!isKnown(target)) problems.push(`state "${name}": ${field}: there is no state "${target}"`);
    }
    const isTerminal = ["Succeed", "Fail", "Choice"].includes(state.Type);
    if (!isTerminal && (state.Next === undefined) === (state.End === undefined)) {
      problems.push(`state "${name}": it needs either Next or End`);
    }
  }
}

function transitions(state: Readonly<Record<string, unknown>>): [string, unknown][] {
  const lists = ["Choices", "Catch"].flatMap((field) => {
    const entries = Array.isArray(state[field]) ? state[field] : [];
    return entries.map((entry, at): [string, unknown] => [`${field}.${at}.Next`, entry?.Next]);
  });
  const single = ["Next", "Default"].map((field): [string, unknown] => [field, state[field]]);
  return [...lists, ...single.filter(([, target]) => target !== undefined)];
}

function parse<S extends z.ZodType>(
  schema: S,
  value: unknown,
  where: string,
  problems: string[],
): z.infer<S> | undefined {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    const unknownKeys = issue.code === "unrecognized_keys" ? issue.keys : undefined;
    const at = [...issue.path, ...(unknownKeys ?? [])].join(".");
    const reason =
      unknownKeys === undefined ? issue.message : "the local Step Functions does not know it here";
    problems.push(`${where}: ${at}${at === "" ? "" : ": "}${reason}`);
  }
  return undefined;
}
