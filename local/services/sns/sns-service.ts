import type { SnsStore } from "../../../node_modules/fauxqs/dist/sns/snsStore.js";
import { formError, formReply, readFormCall } from "../../endpoint/member-lists.ts";
import { accountId, region } from "../../protocol/account.ts";
import { type ApiCall, AwsError, type LocalService, type Reply } from "../../protocol/service.ts";
import type { FauxqsWire } from "../fauxqs/wire.ts";

const xmlNamespace = "http://sns.amazonaws.com/doc/2010-03-31/";
const form = { "content-type": "application/x-www-form-urlencoded" };

type Input = Readonly<Record<string, unknown>>;

export type SnsWire = FauxqsWire & { readonly topics: SnsStore };

/** SNS: fauxqs, whose topics hand messages to queues; other subscriptions wait for their confirmation. */
export function snsService(fauxqs: SnsWire): LocalService {
  return {
    names: ["sns"],
    permissions(call) {
      const { action, input } = readFormCall(call);
      const named = input.TopicArn ?? input.SubscriptionArn ?? input.ResourceArn;
      const resource = named ?? `arn:aws:sns:${region}:${accountId}:${input.Name ?? "*"}`;
      return [{ action: `sns:${action}`, resource: String(resource) }];
    },
    async handle(call) {
      const { action, input } = readFormCall(call);
      switch (action) {
        case "ListSubscriptionsByTopic":
          requireTopic(fauxqs, input);
          return formReply(xmlNamespace, action, listed(fauxqs, input));
        case "ListSubscriptions":
          return formReply(xmlNamespace, action, listed(fauxqs, input));
        default:
          return forward(fauxqs, call);
      }
    },
    renderError: (error) => formError(error),
  };
}

/** Hands a message to a topic from inside the local AWS, as CloudWatch does. Throws AwsError. */
export async function publishTo(
  fauxqs: SnsWire,
  topicArn: string,
  subject: string,
  message: string,
): Promise<void> {
  const input = { TopicArn: topicArn, Subject: subject.slice(0, 100), Message: message };
  const body = new URLSearchParams({ Action: "Publish", Version: "2010-03-31", ...input }).toString();
  const reply = await fauxqs.request({ method: "POST", path: "/", headers: form, body });
  if (reply.status !== 200) throw new AwsError(reply.status, "PublishFailed", reply.body.toString());
}

function forward(fauxqs: SnsWire, { body }: ApiCall): Promise<Reply> {
  return fauxqs.request({ method: "POST", path: "/", headers: form, body });
}

/** Like on AWS, a subscription has no ARN until it is confirmed. */
function listed({ topics }: SnsWire, { TopicArn, NextToken }: Input) {
  const after = NextToken === undefined ? undefined : String(NextToken);
  const { subscriptions, nextToken } =
    TopicArn === undefined
      ? topics.listSubscriptions(after)
      : topics.listSubscriptionsByTopic(String(TopicArn), after);
  return {
    Subscriptions: subscriptions.map(({ arn, topicArn, protocol, endpoint, confirmed }) => ({
      SubscriptionArn: confirmed ? arn : "PendingConfirmation",
      Owner: accountId,
      Protocol: protocol,
      Endpoint: endpoint,
      TopicArn: topicArn,
    })),
    NextToken: nextToken,
  };
}

function requireTopic({ topics }: SnsWire, { TopicArn }: Input): void {
  if (topics.getTopic(String(TopicArn)) !== undefined) return;
  throw new AwsError(404, "NotFound", "Topic does not exist");
}
