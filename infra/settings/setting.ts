import * as pulumi from "@pulumi/pulumi";
import { nearestWord } from "./nearest.ts";

/** What a value says of itself once read: the value, or what is wrong with it. */
export type Reading<T> = { readonly value: T } | { readonly problem: string };

/** One setting: how it is read, and all that its line in docs/configuration.md says. */
export interface Setting<T> {
  readonly type: string;
  /** What the program uses when the key is not set. */
  readonly unset: Reading<T>;
  /** As the page prints it, for example `1536`, `required`, `none`. */
  readonly shownDefault: string;
  readonly bounds: string;
  /** One sentence. */
  readonly means: string;
  /** The reason of the default (or of having none), one sentence. */
  readonly because: string;
  readonly secret: boolean;
  read(text: string): Reading<T>;
}

interface Words {
  readonly means: string;
  readonly because: string;
}

/** A form that a text must have, and how to say so. */
export interface Form {
  readonly pattern: RegExp;
  readonly says: string;
}

export function wholeNumber(
  setting: Words & { readonly default: number; readonly from: number; readonly to: number },
): Setting<number> {
  const bounds = `${setting.from} to ${setting.to}`;
  return {
    ...open(setting),
    type: "whole number",
    unset: { value: setting.default },
    shownDefault: String(setting.default),
    bounds,
    read(text) {
      const number = Number(text);
      const fits = /^-?\d+$/.test(text.trim()) && number >= setting.from && number <= setting.to;
      return fits ? { value: number } : { problem: `must be a whole number from ${bounds}, not "${text}"` };
    },
  };
}

/** One of a few values. The values are numbers or texts, as the default is. */
export function oneOf<const V extends string | number>(
  setting: Words & { readonly default: NoInfer<V>; readonly values: readonly V[] },
): Setting<V> {
  const bounds = setting.values.join(", ");
  return {
    ...open(setting),
    type: typeof setting.default === "number" ? "whole number" : "text",
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

/** A text that may stay unset. */
export function optionalText(setting: Words & { readonly form: Form }): Setting<string | undefined> {
  return { ...open(setting), ...textOf(setting.form), unset: { value: undefined }, shownDefault: "none" };
}

export function yesOrNo(setting: Words & { readonly default: boolean }): Setting<boolean> {
  return {
    ...open(setting),
    type: "yes or no",
    unset: { value: setting.default },
    shownDefault: String(setting.default),
    bounds: "true, false",
    read(text) {
      if (text === "true" || text === "false") return { value: text === "true" };
      return { problem: `must be true or false, not "${text}"` };
    },
  };
}

/** A list of texts, empty when unset. In a stack file it is a YAML list; on the command line a JSON one. */
export function list(setting: Words & { readonly form: Form }): Setting<readonly string[]> {
  return {
    ...open(setting),
    type: "list of texts",
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

/** Some of a few texts; when unset the default ones, or all. Read in the order of `values`: another order is no change to deploy. */
export function someOf<const V extends string>(
  setting: Words & { readonly values: readonly V[]; readonly default?: readonly V[] },
): Setting<readonly V[]> {
  const { values, default: unset = values } = setting;
  const shown = values.join(", ");
  return {
    ...open(setting),
    type: "list of texts",
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

/** A secret that the program cannot do without. */
export function secret(setting: Words & { readonly form: Form }): Setting<pulumi.Output<string>> {
  return {
    ...secretText(setting),
    unset: { problem: "is missing" },
    shownDefault: "required",
  };
}

/** A secret that only some stacks need. */
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
    type: "text",
    bounds: form.says,
    read: (text: string): Reading<string> =>
      form.pattern.test(text) ? { value: text } : { problem: `must be ${form.says}, not "${text}"` },
  };
}

/** A problem says how long the value is, and never what it is. */
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

/** Why the items are no selection of the known ones; nothing where they are one. */
function misfitsAmong(items: readonly string[], known: readonly string[]): string[] {
  if (items.length === 0) return ["one at least"];
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
