import { z } from "zod";
import type { ChoiceRule, LanguageName } from "../graph/definition.ts";
import { isExpression, jsonataProblem } from "../language/jsonata.ts";
import { pathProblem } from "../language/jsonpath.ts";
import { comparisons } from "./comparisons.ts";

/** An entry of Choices: `Condition` in JSONata; a comparison, or And, Or, Not of them, in JSONPath. */
export function choiceRule(language: LanguageName, output: z.ZodRawShape): z.ZodType<ChoiceRule> {
  const next = { Comment: z.string().optional(), Next: z.string(), ...output };
  if (language === "JSONata") {
    const condition = z
      .string()
      .refine(isExpression, "not {% an expression %}")
      .superRefine((value, context) => {
        const problem = jsonataProblem(value);
        if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
      });
    return z.strictObject({ ...next, Condition: z.union([z.boolean(), condition]) });
  }
  return z.looseObject(next).superRefine(({ Comment: _comment, Next: _next, ...rule }, context) => {
    const problem = ruleProblem(rule);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  });
}

function ruleProblem(rule: unknown): string | undefined {
  if (typeof rule !== "object" || rule === null) return "a rule is an object";
  const { Variable, ...rest } = rule as Record<string, unknown>;
  const [operator = "nothing", ...others] = Object.keys(rest);
  if (others.length > 0) return `one rule has one operator, not ${[operator, ...others].join(" and ")}`;
  if (operator === "And" || operator === "Or") {
    const rules = rest[operator];
    return Array.isArray(rules) ? rules.map(ruleProblem).find(Boolean) : `${operator} takes a list of rules`;
  }
  if (operator === "Not") return ruleProblem(rest.Not);
  if (pathProblem(Variable) !== undefined) return `Variable: ${pathProblem(Variable)}`;
  const compared = operator.replace(/Path$/, "");
  if (!(compared in comparisons)) return `the local Step Functions has no comparison ${operator}`;
  return operator === compared ? undefined : pathProblem(rest[operator]);
}
