import { z } from "zod";
import { type Decision, evaluate } from "../iam/evaluate.ts";
import { readPolicy, type Statement } from "../iam/policy.ts";

const oneOrMore = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const document = z.object({
  Version: z.string(),
  Statement: z.array(
    z.looseObject({ Principal: z.union([z.literal("*"), z.strictObject({ AWS: oneOrMore })]) }),
  ),
});

/** The policy of an API. Statements for accounts are of no consequence here: every caller is of the stack's own. */
export class ResourcePolicy {
  readonly #statements: readonly Statement[];

  /** Throws PolicyNotUnderstoodError. */
  constructor(policy: unknown) {
    const { Version, Statement } = document.parse(policy);
    const statements = Statement.flatMap(({ Principal, ...statement }) => {
      const [read] = readPolicy({ Version, Statement: statement });
      return Principal === "*" && read !== undefined ? [read] : [];
    });
    this.#statements = statements;
  }

  judge(resource: string, sourceIp: string): Decision {
    const context = { "aws:SourceIp": sourceIp };
    return evaluate(this.#statements, { action: "execute-api:Invoke", resource, context });
  }
}
