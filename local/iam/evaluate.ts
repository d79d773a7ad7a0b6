import { type ContextValue, conditionHolds } from "./conditions.ts";
import { globMatches } from "./glob.ts";
import { PolicyNotUnderstoodError, type Statement } from "./policy.ts";

export interface AccessRequest {
  readonly action: string;
  readonly resource: string;
  /** Condition keys and their values; a key with the value undefined is known but absent from this call. */
  readonly context: Readonly<Record<string, ContextValue>>;
}

export type Decision = "allowed" | "not allowed" | "explicitly denied";

/**
 * Evaluates identity policies like IAM: a matching Deny denies; otherwise a matching Allow is required. Throws
 * PolicyNotUnderstoodError for an unsupported condition key or policy variable.
 */
export function evaluate(statements: readonly Statement[], request: AccessRequest): Decision {
  const matching = statements.filter((statement) => applies(statement, request));
  if (matching.some((statement) => statement.Effect === "Deny")) return "explicitly denied";
  return matching.some((statement) => statement.Effect === "Allow") ? "allowed" : "not allowed";
}

function applies(statement: Statement, request: AccessRequest): boolean {
  return (
    included(statement.Action, statement.NotAction, request.action, matchesAction) &&
    included(statement.Resource, statement.NotResource, request.resource, matchesResource) &&
    conditionsHold(statement, request)
  );
}

function included(
  wanted: readonly string[] | undefined,
  unwanted: readonly string[] | undefined,
  actual: string,
  matches: (pattern: string, actual: string) => boolean,
): boolean {
  if (wanted !== undefined) return wanted.some((pattern) => matches(pattern, actual));
  return !(unwanted ?? []).some((pattern) => matches(pattern, actual));
}

function matchesAction(pattern: string, action: string): boolean {
  return globMatches(pattern.toLowerCase(), action.toLowerCase());
}

function matchesResource(pattern: string, resource: string): boolean {
  if (pattern.includes("${"))
    throw new PolicyNotUnderstoodError(`policy variable in the resource "${pattern}"`);
  return globMatches(pattern, resource);
}

function conditionsHold(statement: Statement, { action, context }: AccessRequest): boolean {
  const known = new Map(Object.entries(context).map(([key, value]) => [key.toLowerCase(), value]));
  return Object.entries(statement.Condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => {
      if (!known.has(key.toLowerCase()))
        throw new PolicyNotUnderstoodError(`condition key "${key}" on a call of ${action}`);
      return conditionHolds(operator, wanted, known.get(key.toLowerCase()));
    }),
  );
}
