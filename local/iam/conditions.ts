import { BlockList, isIPv6 } from "node:net";
import { globMatches } from "./glob.ts";

type Comparison = (wanted: string, actual: string) => boolean;

const same: Comparison = (wanted, actual) => wanted === actual;
const sameIgnoringCase: Comparison = (wanted, actual) => wanted.toLowerCase() === actual.toLowerCase();

const comparisons: Record<string, { readonly holds: Comparison; readonly negated: boolean }> = {
  StringEquals: { holds: same, negated: false },
  StringNotEquals: { holds: same, negated: true },
  StringEqualsIgnoreCase: { holds: sameIgnoringCase, negated: false },
  StringLike: { holds: globMatches, negated: false },
  StringNotLike: { holds: globMatches, negated: true },
  ArnEquals: { holds: globMatches, negated: false },
  ArnLike: { holds: globMatches, negated: false },
  ArnNotEquals: { holds: globMatches, negated: true },
  ArnNotLike: { holds: globMatches, negated: true },
  Bool: { holds: sameIgnoringCase, negated: false },
  IpAddress: { holds: isInRange, negated: false },
  NotIpAddress: { holds: isInRange, negated: true },
};

const ifExists = "IfExists";
const forAllValues = "ForAllValues:";
const forAnyValue = "ForAnyValue:";

/** The value of a condition key in one call: one value, several, or undefined if the call has none. */
export type ContextValue = string | readonly string[] | undefined;

export const conditionOperators: ReadonlySet<string> = new Set(
  Object.keys(comparisons)
    .flatMap((operator) => [operator, `${operator}${ifExists}`])
    .flatMap((operator) => [operator, `${forAllValues}${operator}`, `${forAnyValue}${operator}`]),
);

/**
 * Whether a call satisfies one line of a Condition block. Wanted values are alternatives; a negated operator excludes
 * all of them. A key that the call lacks fails a plain operator, and satisfies a negated one and `...IfExists`.
 * `ForAllValues:` holds if every value of the call matches, or if there is none; `ForAnyValue:` if one matches.
 */
export function conditionHolds(operator: string, wanted: readonly string[], actual: ContextValue): boolean {
  const values = actual === undefined ? [] : [actual].flat();
  if (operator.startsWith(forAllValues)) {
    return values.every((value) => holds(operator.slice(forAllValues.length), wanted, value));
  }
  if (operator.startsWith(forAnyValue)) {
    return values.some((value) => holds(operator.slice(forAnyValue.length), wanted, value));
  }
  return holds(operator, wanted, values[0]);
}

function holds(operator: string, wanted: readonly string[], actual: string | undefined): boolean {
  const optional = operator.endsWith(ifExists);
  const comparison = comparisons[optional ? operator.slice(0, -ifExists.length) : operator];
  if (comparison === undefined) return false;
  if (actual === undefined) return optional || comparison.negated;
  return wanted.some((value) => comparison.holds(value, actual)) !== comparison.negated;
}

/** A range as `203.0.113.0/24`, or one address. */
function isInRange(range: string, address: string): boolean {
  const [first = "", bits] = range.split("/");
  const family = isIPv6(first) ? "ipv6" : "ipv4";
  const list = new BlockList();
  if (bits === undefined) list.addAddress(first, family);
  else list.addSubnet(first, Number(bits), family);
  return list.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}
