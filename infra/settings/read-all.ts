import { ProgramError } from "../program-error.ts";
import { nameProblems } from "./names.ts";
import { nearestKey } from "./nearest.ts";
import type { Setting } from "./setting.ts";

/** Settings by namespace and name. */
export type Declared = Readonly<Record<string, Readonly<Record<string, Setting<unknown>>>>>;

/** The values of declared settings, by namespace and name. */
export type ValuesOf<D> = {
  readonly [Namespace in keyof D]: {
    readonly [Name in keyof D[Namespace]]: D[Namespace][Name] extends Setting<infer T> ? T : never;
  };
};

/** A constraint over several settings. It is only checked if each of its keys is valid on its own. */
export interface Rule<V> {
  readonly keys: readonly string[];
  broken(values: V): boolean;
  readonly problem: string;
}

/** A stack's configuration as Pulumi hands it over. */
export interface RawConfiguration {
  /** The project's name: the namespace of a key that was set without one. */
  readonly project: string;
  readonly stack: string;
  readonly values: Readonly<Record<string, string>>;
  isSecret(key: string): boolean;
}

/** The configuration of the stack does not match infra/config.ts. The message lists every problem. */
export class ConfigurationInvalidError extends ProgramError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `The configuration of this stack has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}:\n` +
        problems.map((problem) => `  - ${problem}`).join("\n"),
      "Correct each setting with `pulumi config set KEY VALUE`. docs/configuration.md explains every key.",
    );
    this.problems = problems;
  }
}

/** Reads every declared setting. Throws ConfigurationInvalidError with all problems: bad values, unknown keys, broken rules. */
export function readAll<D extends Declared, V extends ValuesOf<D>>(
  declared: D,
  rules: readonly Rule<V>[],
  raw: RawConfiguration,
): V {
  const problems = [...nameProblems(raw), ...unknownKeys(declared, raw)];
  const unreadable = new Set<string>();
  const values: Record<string, Record<string, unknown>> = {};
  for (const [namespace, settings] of Object.entries(declared)) {
    const read: Record<string, unknown> = {};
    values[namespace] = read;
    for (const [name, setting] of Object.entries(settings)) {
      const key = `${namespace}:${name}`;
      const reading = readOne(key, setting, raw);
      if ("problem" in reading) {
        unreadable.add(key);
        problems.push(`${key} ${reading.problem}`);
      } else read[name] = reading.value;
    }
  }
  const judged = values as V;
  const broken = rules.filter((rule) => !rule.keys.some((key) => unreadable.has(key)) && rule.broken(judged));
  problems.push(...broken.map((rule) => rule.problem));
  if (problems.length > 0) throw new ConfigurationInvalidError(problems);
  return judged;
}

function readOne(key: string, setting: Setting<unknown>, raw: RawConfiguration) {
  const text = raw.values[key];
  if (!setting.secret) return text === undefined ? setting.unset : setting.read(text);
  const remedy = `run \`pulumi config set --secret ${key}\``;
  if (text !== undefined && !raw.isSecret(key)) return { problem: `is stored in plain text: ${remedy}` };
  const reading = text === undefined ? setting.unset : setting.read(text);
  return "problem" in reading ? { problem: `${reading.problem}: ${remedy}` } : reading;
}

function unknownKeys(declared: Declared, raw: RawConfiguration): string[] {
  const known = Object.entries(declared).flatMap(([namespace, settings]) =>
    Object.keys(settings).map((name) => `${namespace}:${name}`),
  );
  const ours = new Set([...Object.keys(declared), raw.project]);
  return Object.keys(raw.values)
    .filter((key) => ours.has(key.slice(0, key.indexOf(":"))) && !known.includes(key))
    .map((key) => {
      const nearest = nearestKey(key, known);
      return `${key} is not a setting${nearest === undefined ? "" : `: did you mean ${nearest}?`}`;
    });
}
