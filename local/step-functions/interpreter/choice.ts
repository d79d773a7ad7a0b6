import { comparisons } from "../definition/comparisons.ts";
import type { ChoiceRule, ChoiceState } from "../graph/definition.ts";
import { lookUp } from "../language/path.ts";
import type { Scope } from "../language/query-language.ts";
import { StatesError } from "../states-error.ts";
import { type Left, leaveWith, type Visit } from "./visit.ts";

export async function choose(visit: Visit<ChoiceState>): Promise<Left> {
  const { state, language, scope } = visit;
  const input = await language.workInput(state, scope);
  for (const rule of state.Choices) {
    if (!(await holds(visit, rule, input))) continue;
    const fields = state.language === "JSONata" ? rule : state;
    return { ...(await language.leave(fields, scope, { result: input })), next: rule.Next };
  }
  if (state.Default !== undefined) return leaveWith(visit, input, state.Default);
  throw new StatesError(
    "States.NoChoiceMatched",
    `No choice rule of the state '${state.name}' holds, and it has no Default.`,
  );
}

async function holds({ state, language, scope }: Visit<ChoiceState>, rule: ChoiceRule, input: unknown) {
  if (state.language === "JSONPath") return comparisonHolds(rule, input, scope);
  const value = await language.field(rule, "Condition", state, scope);
  if (typeof value === "boolean") return value;
  throw new StatesError(
    "States.QueryEvaluationError",
    `The Condition '${rule.Condition}' came to ${JSON.stringify(value)}, which is neither true nor false.`,
  );
}

function comparisonHolds(rule: ChoiceRule, input: unknown, scope: Scope): boolean {
  const nested = (rules: unknown) => (Array.isArray(rules) ? rules : [rules]) as ChoiceRule[];
  if (rule.And !== undefined) return nested(rule.And).every((one) => comparisonHolds(one, input, scope));
  if (rule.Or !== undefined) return nested(rule.Or).some((one) => comparisonHolds(one, input, scope));
  if (rule.Not !== undefined) return !nested(rule.Not).some((one) => comparisonHolds(one, input, scope));
  const operator = Object.keys(rule).find((key) => key.replace(/Path$/, "") in comparisons) ?? "";
  const operand = rule[operator];
  const wanted = operator.endsWith("Path") ? lookUp(String(operand), input, scope.context) : operand;
  const actual = lookUp(String(rule.Variable), input, scope.context);
  return comparisons[operator.replace(/Path$/, "")]?.(actual, wanted) ?? false;
}
