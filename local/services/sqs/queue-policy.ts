import * as z from "zod";
import { evaluate } from "../../iam/evaluate.ts";
import { readPolicy } from "../../iam/policy.ts";
import { accountId, region } from "../../protocol/account.ts";
import type { Queue } from "./queue-store.ts";

const anyPrincipal = z.union([
  z.literal("*"),
  z.record(z.string(), z.union([z.string(), z.array(z.string())])),
]);
const resourcePolicy = z.looseObject({
  Statement: z
    .union([z.looseObject({ Principal: anyPrincipal }), z.array(z.looseObject({ Principal: anyPrincipal }))])
    .transform((statements) => [statements].flat()),
});

/** Whether the queue's own policy lets a service of AWS send to it in the name of a resource. */
export function serviceMaySend(queue: Queue, service: string, sourceArn: string): boolean {
  const { Policy } = queue.attributes;
  if (!Policy) return false;
  const { Statement, ...policy } = resourcePolicy.parse(JSON.parse(Policy));
  const ofService = Statement.filter(({ Principal }) => names(Principal, service));
  const identityStatements = ofService.map(({ Principal, ...statement }) => statement);
  if (identityStatements.length === 0) return false;
  const statements = readPolicy({ ...policy, Statement: identityStatements });
  const decision = evaluate(statements, {
    action: "sqs:SendMessage",
    resource: queue.arn,
    context: {
      "aws:SecureTransport": "true",
      "aws:RequestedRegion": region,
      "aws:PrincipalIsAWSService": "true",
      "aws:PrincipalAccount": undefined,
      "aws:PrincipalOrgID": undefined,
      "aws:PrincipalArn": undefined,
      "aws:SourceArn": sourceArn,
      "aws:SourceAccount": accountId,
    },
  });
  return decision === "allowed";
}

function names(principal: z.infer<typeof anyPrincipal>, service: string): boolean {
  if (principal === "*") return true;
  const { Service = [], AWS = [] } = principal;
  return [Service].flat().includes(service) || [AWS].flat().includes("*");
}
