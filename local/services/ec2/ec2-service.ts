import { randomUUID } from "node:crypto";
import { element, textElement } from "../../endpoint/xml.ts";
import { accountId } from "../../protocol/account.ts";
import { type ApiCall, AwsError, type LocalService, type Reply } from "../../protocol/service.ts";
import type { GroupRule, SecurityGroups } from "./security-groups.ts";

/** EC2: DescribeSecurityGroupRules by `group-id`, which shows the access to the file system. */
export function ec2Service(groups: SecurityGroups): LocalService {
  return {
    names: ["ec2"],
    permissions: (call) => [{ action: `ec2:${formOf(call).get("Action")}`, resource: "*" }],
    async handle(call) {
      const form = formOf(call);
      const action = form.get("Action");
      if (action !== "DescribeSecurityGroupRules") {
        throw new AwsError(400, "InvalidAction", `The local EC2 does not have the action ${action}.`);
      }
      const items = groups.rulesOf(groupIdsIn(form)).map((rule) => element("item", ...fieldsOf(rule)));
      return xml(
        200,
        element(
          "DescribeSecurityGroupRulesResponse",
          textElement("requestId", randomUUID()),
          element("securityGroupRuleSet", ...items),
        ),
      );
    },
    renderError: ({ status, code, message }) =>
      xml(
        status,
        element(
          "Response",
          element("Errors", element("Error", textElement("Code", code), textElement("Message", message))),
          textElement("RequestID", randomUUID()),
        ),
      ),
  };
}

function formOf({ body }: ApiCall): URLSearchParams {
  return new URLSearchParams(body.toString("utf8"));
}

function groupIdsIn(form: URLSearchParams): string[] {
  if (form.get("Filter.1.Name") !== "group-id") {
    throw new AwsError(400, "InvalidParameterValue", "The local EC2 knows the filter group-id only.");
  }
  return [...form].filter(([name]) => /^Filter\.1\.Value\.\d+$/.test(name)).map(([, value]) => value);
}

function fieldsOf(rule: GroupRule): string[] {
  const referenced = rule.referencedGroupId;
  return [
    textElement("securityGroupRuleId", rule.id),
    textElement("groupId", rule.groupId),
    textElement("groupOwnerId", accountId),
    textElement("isEgress", rule.isEgress),
    textElement("ipProtocol", rule.protocol),
    textElement("fromPort", rule.fromPort ?? -1),
    textElement("toPort", rule.toPort ?? -1),
    ...(rule.cidr === undefined ? [] : [textElement("cidrIpv4", rule.cidr)]),
    ...(referenced === undefined
      ? []
      : [
          element(
            "referencedGroupInfo",
            textElement("groupId", referenced),
            textElement("userId", accountId),
          ),
        ]),
  ];
}

function xml(status: number, body: string): Reply {
  return { status, headers: { "content-type": "text/xml" }, body: `<?xml version="1.0"?>${body}` };
}
