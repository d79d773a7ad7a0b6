import * as pulumi from "@pulumi/pulumi";
import { nearestWord } from "./nearest.ts";

/** A parsed value, or why it cannot be parsed. */
export type Reading<T> = { readonly value: T } | { readonly problem: string };

/** One setting: how it is parsed, and its line in docs/configuration.md. */
export interface Setting<T> {
  readonly type: string;
  /** The value of a key that is not set. */
  readonly unset: Reading<T>;
  /** The default as the page prints it, for example `1536`, `required`, `none`. */
  readonly shownDefault: string;
  readonly bounds: string;
  /** One sentence. */
  readonly means: string;
  /** The reason for the default or its absence, in one sentence. */
  readonly because: string;
  readonly secret: boolean;
  read(text: string): Reading<T>;
}

interface Words {
  readonly means: string;
  readonly because: string;
}

/** The pattern of a string, and its description for people. */
export interface Form {
  readonly pattern: RegExp;
  readonly says: string;
}

export function integer(
  setting: Words & { readonly default: number; readonly from: number; readonly to: number },
): Setting<number> {
  const bounds = `${setting.from} to ${setting.to}`;
  return {
    ...open(setting),
    type: "integer",
    unset: { value: setting.default },
    shownDefault: String(setting.default),
    bounds,
    read(text) {
      const number = Number(text);
      const fits = /^-?\d+$/.test(text.trim()) && number >= setting.from && number <= setting.to;
      return fits ? { value: number } : { problem: `must be an integer from ${bounds}, not "${text}"` };
    },
  };
}

/** One of a few values, numbers or strings like the default. */
export function oneOf<const V extends string | number>(
  setting: Words & { readonly default: NoInfer<V>; readonly values: readonly V[] },
): Setting<V> {
  const bounds = setting.values.join(", ");
  return {
    ...open(setting),
    type: typeof setting.default === "number" ? "integer" : "string",
    unset: { value: setting.default },
    shownDefault: String(setting.default),
    bounds,
    read(text) {
      const value = setting.values.find((candidate) => String(candidate) === text.trim());
      return value === undefined ? { problem: `must be one of ${bounds}, not "${text}"` } : { value };
    },
  };
}

export function text(setting: Words & { readonly default: string; readonly form: Form }): Setting<string> {
  return {
    ...open(setting),
    ...textOf(setting.form),
    unset: { value: setting.default },
    shownDefault: setting.default,
  };
}

/** A string that may stay unset. */
export function optionalText(setting: Words & { readonly form: Form }): Setting<string | undefined> {
  return { ...open(setting), ...textOf(setting.form), unset: { value: undefined }, shownDefault: "none" };
}

export function boolean(setting: Words & { readonly default: boolean }): Setting<boolean> {
  return {
    ...open(setting),
    type: "boolean",
    unset: { value: setting.default },
    shownDefault: String(setting.default),
    bounds: "true, false",
    read(text) {
      if (text === "true" || text === "false") return { value: text === "true" };
      return { problem: `must be true or false, not "${text}"` };
    },
  };
}

/** A list of strings, empty when unset. It is a YAML list in a stack file and a JSON array on the command line. */
export function list(setting: Words & { readonly form: Form }): Setting<readonly string[]> {
  return {
    ...open(setting),
    type: "string[]",
    unset: { value: [] },
    shownDefault: "none",
    bounds: setting.form.says,
    read(text) {
      const items = textsOf(text);
      const fits = items?.every((item) => setting.form.pattern.test(item));
      return items && fits
        ? { value: items }
        : { problem: `must be a list, each ${setting.form.says}, not ${text}` };
    },
  };
}

/** A subset of known strings; by default all of them. The result is in the order of `values`, so reordering changes no deployment. */
export function someOf<const V extends string>(
  setting: Words & { readonly values: readonly V[]; readonly default?: readonly V[] },
): Setting<readonly V[]> {
  const { values, default: unset = values } = setting;
  const shown = values.join(", ");
  return {
    ...open(setting),
    type: "string[]",
    unset: { value: unset },
    shownDefault: unset.join(", "),
    bounds:
      unset.length === values.length
        ? "one or more of these, each once"
        : `one or more of ${shown}, each once`,
    read(text) {
      const items = textsOf(text);
      if (items === undefined) return { problem: `must be a list of some of ${shown}, not ${text}` };
      const problems = misfitsAmong(items, values);
      return problems.length === 0
        ? { value: values.filter((value) => items.includes(value)) }
        : { problem: `must list some of ${shown}: ${problems.join(", ")}` };
    },
  };
}

/** A required secret. */
export function secret(setting: Words & { readonly form: Form }): Setting<pulumi.Output<string>> {
  return {
    ...secretText(setting),
    unset: { problem: "is missing" },
    shownDefault: "required",
  };
}

/** An optional secret. */
export function optionalSecret(
  setting: Words & { readonly form: Form },
): Setting<pulumi.Output<string> | undefined> {
  return { ...secretText(setting), unset: { value: undefined }, shownDefault: "none" };
}

function open({ means, because }: Words) {
  return { means, because, secret: false };
}

function textOf(form: Form) {
  return {
    type: "string",
    bounds: form.says,
    read: (text: string): Reading<string> =>
      form.pattern.test(text) ? { value: text } : { problem: `must be ${form.says}, not "${text}"` },
  };
}

/** An error message states the length of a secret, never its value. */
function secretText({ means, because, form }: Words & { readonly form: Form }) {
  return {
    means,
    because,
    secret: true,
    type: "secret",
    bounds: form.says,
    read: (text: string): Reading<pulumi.Output<string>> =>
      form.pattern.test(text)
        ? { value: pulumi.secret(text) }
        : { problem: `must be ${form.says}, and has ${text.length}` },
  };
}

/** Why the items are not a subset of the known ones; empty if they are. */
function misfitsAmong(items: readonly string[], known: readonly string[]): string[] {
  if (items.length === 0) return ["at least one"];
  const different = [...new Set(items)];
  const unknown = different
    .filter((item) => !known.includes(item))
    .map((item) => {
      const nearest = nearestWord(item, known);
      return `not "${item}"${nearest === undefined ? "" : ` (did you mean ${nearest}?)`}`;
    });
  const repeated = different
    .filter((item) => items.indexOf(item) !== items.lastIndexOf(item))
    .map((item) => `"${item}" only once`);
  return [...unknown, ...repeated];
}

function textsOf(json: string): string[] | undefined {
  try {
    const parsed: unknown = JSON.parse(json);
    return Array.isArray(parsed) && parsed.every((item) => typeof item === "string") ? parsed : undefined;
  } catch {
    return undefined;
  }
}
