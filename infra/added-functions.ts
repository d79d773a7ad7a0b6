import type * as pulumi from "@pulumi/pulumi";
import type { AddedFunctionArgs, DeclareFunction } from "./components/added-function.ts";
import type { BundledFunction } from "./components/bundled-function.ts";
import type { Outputs } from "./outputs.ts";

/**
 * Functions outside the flows of program.ts, by their folder in functions/. `npm run new:function -- NAME` adds one,
 * with alarms, a place on the dashboard and outputs.
 */
export const addedFunctions: Readonly<Record<string, DeclareFunction>> = {};

export type AddedFunctions = Readonly<Record<string, BundledFunction>>;

/** Absent if no function is added. */
export function addedOutputs(added: AddedFunctions): Pick<Outputs, "added"> {
  const names = Object.entries(added).map(
    ([name, { function: own, logGroup }]) => [name, { function: own.name, logGroup: logGroup.name }] as const,
  );
  return names.length === 0 ? {} : { added: Object.fromEntries(names) };
}

/** Declares them all. `code` has the archive of each. */
export function declareAdded(
  stem: string,
  code: Readonly<Record<string, pulumi.asset.Archive>>,
  args: Omit<AddedFunctionArgs, "code">,
): AddedFunctions {
  return Object.fromEntries(
    Object.entries(addedFunctions).map(([name, declare]) => {
      const own = code[name];
      if (own === undefined) throw new RangeError(`functions/${name} was not bundled.`);
      return [name, declare(`${stem}-${name}`, { ...args, code: own })];
    }),
  );
}
