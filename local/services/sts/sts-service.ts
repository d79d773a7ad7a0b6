import { randomUUID } from "node:crypto";
import { element, textElement } from "../../endpoint/xml.ts";
import { accountId } from "../../protocol/account.ts";
import { type ApiCall, AwsError, type LocalService, type Reply } from "../../protocol/service.ts";

/** AWS STS for `aws sts get-caller-identity`. Like on AWS, it needs no permission. */
export function stsService(): LocalService {
  return {
    names: ["sts"],
    permissions(call) {
      const action = new URLSearchParams(call.body.toString("utf8")).get("Action");
      if (action === "GetCallerIdentity") return [];
      throw new AwsError(400, "InvalidAction", `The local STS does not have the action "${action}".`);
    },
    handle: async (call) => callerIdentity(call),
    renderError(error) {
      const details = element(
        "Error",
        textElement("Code", error.code),
        textElement("Message", error.message),
      );
      return xmlReply(
        error.status,
        element("ErrorResponse", details, textElement("RequestId", randomUUID())),
      );
    },
  };
}

function callerIdentity({ caller }: ApiCall): Reply {
  const result = element(
    "GetCallerIdentityResult",
    textElement("Arn", caller.arn),
    textElement("UserId", caller.arn.split("/").at(-2) ?? caller.arn),
    textElement("Account", accountId),
  );
  const metadata = element("ResponseMetadata", textElement("RequestId", randomUUID()));
  return xmlReply(
    200,
    `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${result}${metadata}</GetCallerIdentityResponse>`,
  );
}

function xmlReply(status: number, body: string): Reply {
  return { status, headers: { "content-type": "text/xml" }, body };
}
