import { StatesError } from "../states-error.ts";

/** One step of a path: a property, an index, or every element. */
type Step = string | number | "[*]";

const stepText = /\.([\p{L}_][\p{L}\p{N}_-]*)|\['((?:[^'\\]|\\.)*)'\]|\[(\d+)\]|(\[\*\])/uy;

/** The steps of `$.a.b[0]['c'][*]`, or undefined if it is another kind of path. */
export function readPath(path: string): readonly Step[] | undefined {
  if (!path.startsWith("$")) return undefined;
  const steps: Step[] = [];
  stepText.lastIndex = path.startsWith("$$") ? 2 : 1;
  while (stepText.lastIndex < path.length) {
    const match = stepText.exec(path);
    if (match === null) return undefined;
    const [, name, quoted, index, every] = match;
    steps.push(every ?? name ?? quoted?.replace(/\\(.)/g, "$1") ?? Number(index));
  }
  return steps;
}

/** Returns the value at the path: `$` is the data, `$$` the context. Undefined if there is none. */
export function lookUp(path: string, data: unknown, context: unknown): unknown {
  const steps = readPath(path) ?? [];
  return follow(path.startsWith("$$") ? context : data, steps);
}

function follow(value: unknown, steps: readonly Step[]): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (typeof value !== "object" || value === null) return undefined;
  if (step !== "[*]") return follow(ownProperty(value, step), rest);
  const elements = Object.values(value).map((element) => follow(element, rest));
  return elements.filter((element) => element !== undefined);
}

function ownProperty(value: object, key: string | number): unknown {
  return Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

/** The data with the value put at a path of properties. Throws States.ResultPathMatchFailure. */
export function putAt(path: string, data: unknown, value: unknown): unknown {
  const put = (into: unknown, [step, ...rest]: readonly Step[]): unknown => {
    if (step === undefined) return value;
    if (typeof into !== "object" || into === null || Array.isArray(into)) {
      throw new StatesError(
        "States.ResultPathMatchFailure",
        `Unable to apply ReferencePath ${path} to input ${JSON.stringify(data)}`,
      );
    }
    return { ...into, [step]: put(ownProperty(into, step) ?? {}, rest) };
  };
  return put(data, readPath(path) ?? []);
}
