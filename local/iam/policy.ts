import { z } from "zod";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";
import { conditionOperators } from "./conditions.ts";

/** A policy that this evaluator cannot judge faithfully; refusing it beats guessing. */
export class PolicyNotUnderstoodError extends VectorkeepError {
  constructor(problem: string) {
    super(
      `An IAM policy cannot be evaluated locally: ${problem}.`,
      "Correct the policy, or teach local/iam what it uses.",
    );
  }
}

const oneOrMore = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const conditionValues = z
  .union([z.string(), z.boolean(), z.number(), z.array(z.union([z.string(), z.boolean(), z.number()]))])
  .transform((value) => [value].flat().map(String));

const statementSchema = z
  .strictObject({
    Sid: z.string().optional(),
    Effect: z.enum(["Allow", "Deny"]),
    Action: oneOrMore.optional(),
    NotAction: oneOrMore.optional(),
    Resource: oneOrMore.optional(),
    NotResource: oneOrMore.optional(),
    Condition: z
      .record(z.string(), z.record(z.string(), conditionValues))
      .default({})
      .superRefine((condition, context) => {
        for (const operator of Object.keys(condition)) {
          if (!conditionOperators.has(operator)) {
            context.addIssue({ code: "custom", message: `unknown condition operator "${operator}"` });
          }
        }
      }),
  })
  .refine((statement) => (statement.Action === undefined) !== (statement.NotAction === undefined), {
    message: "a statement has either Action or NotAction",
  })
  .refine((statement) => (statement.Resource === undefined) !== (statement.NotResource === undefined), {
    message: "a statement has either Resource or NotResource",
  });

const policySchema = z.object({
  Version: z.literal("2012-10-17", "only policies of version 2012-10-17 are understood"),
  Id: z.string().optional(),
  Statement: z.union([statementSchema, z.array(statementSchema)]).transform((value) => [value].flat()),
});

export type Statement = z.infer<typeof statementSchema>;

/** Reads an identity policy, given as an object or as its JSON text. Throws PolicyNotUnderstoodError. */
export function readPolicy(document: unknown): readonly Statement[] {
  const parsed = policySchema.safeParse(typeof document === "string" ? parseJson(document) : document);
  if (parsed.success) return parsed.data.Statement;
  const problems = parsed.error.issues.map(
    (issue) => `${issue.path.join(".") || "policy"}: ${issue.message}`,
  );
  throw new PolicyNotUnderstoodError(problems.join("; "));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new PolicyNotUnderstoodError("it is not JSON");
  }
}
