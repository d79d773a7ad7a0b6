import type { FauxqsWire } from "../fauxqs/wire.ts";
import { serviceMaySend } from "../sqs/queue-policy.ts";
import type { QueueStore } from "../sqs/queue-store.ts";
import type { BusEvent } from "./event.ts";
import type { Rule, Target } from "./rule.ts";

const eventBridge = "events.amazonaws.com";

export type QueueWire = FauxqsWire & { readonly queues: QueueStore };

/** Invokes a function asynchronously, in the name of a rule. Throws DeliveryError. */
export type InvokeFunction = (functionArn: string, event: string, ruleArn: string) => void;

/** An event could not be delivered, for a reason that a retry would not change. */
export class DeliveryError extends Error {
  /** The ERROR_CODE attribute of a dead letter. */
  readonly code: "NO_PERMISSIONS" | "NO_RESOURCE" | "SDK_CLIENT_ERROR";

  constructor(code: DeliveryError["code"], message: string) {
    super(message);
    this.name = "DeliveryError";
    this.code = code;
  }
}

type Attributes = Readonly<Record<string, string>>;

/** Delivers events to queues and functions, which must let the rule do so by policies of their own. */
export class Delivery {
  readonly #queues: QueueWire;
  readonly #invoke: InvokeFunction | undefined;

  constructor(queues: QueueWire, invoke?: InvokeFunction) {
    this.#queues = queues;
    this.#invoke = invoke;
  }

  /** Throws DeliveryError; any other error is transient. */
  async deliver(event: BusEvent, rule: Rule, target: Target): Promise<void> {
    const body = JSON.stringify(event);
    if (target.Arn.startsWith("arn:aws:sqs:")) {
      await this.#send(target.Arn, body, rule.arn, {}, target.messageGroupId);
    } else if (this.#invoke !== undefined) {
      this.#invoke(target.Arn, body, rule.arn);
    } else {
      throw new DeliveryError("NO_RESOURCE", `There is no function ${target.Arn}`);
    }
  }

  /** The reason is in the attributes of the message. Throws DeliveryError. */
  async bury(
    event: BusEvent,
    rule: Rule,
    target: Target,
    error: DeliveryError,
    retries: number,
  ): Promise<void> {
    await this.#send(target.deadLetterArn ?? "", JSON.stringify(event), rule.arn, {
      RULE_ARN: rule.arn,
      TARGET_ARN: target.Arn,
      ERROR_CODE: error.code,
      ERROR_MESSAGE: error.message,
      RETRY_ATTEMPTS: String(retries),
    });
  }

  async #send(
    arn: string,
    body: string,
    ruleArn: string,
    attributes: Attributes,
    groupId?: string,
  ): Promise<void> {
    const queue = this.#queues.queues.getQueue(arn.split(":").at(-1) ?? "");
    if (queue === undefined) throw new DeliveryError("NO_RESOURCE", `The queue ${arn} does not exist`);
    if (!serviceMaySend(queue, eventBridge, ruleArn)) {
      throw new DeliveryError(
        "NO_PERMISSIONS",
        `The policy of the queue ${arn} does not let ${ruleArn} send`,
      );
    }
    const MessageAttributes = Object.fromEntries(
      Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: "String", StringValue }]),
    );
    const reply = await this.#queues.request({
      method: "POST",
      path: "/",
      headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": "AmazonSQS.SendMessage" },
      body: JSON.stringify({
        QueueUrl: queue.url,
        MessageBody: body,
        MessageAttributes,
        ...(groupId === undefined ? {} : { MessageGroupId: groupId }),
      }),
    });
    if (reply.status !== 200) throw new DeliveryError("SDK_CLIENT_ERROR", reply.body.toString());
  }
}
