import { jsonAction, jsonError, jsonInput, jsonReply } from "../../endpoint/json-protocol.ts";
import { type ApiCall, AwsError, type LocalService, type Reply } from "../../protocol/service.ts";
import type { FauxqsWire } from "../fauxqs/wire.ts";
import { eachEntry, readEntries } from "./batches.ts";
import { sqsPermissions } from "./permissions.ts";
import { isQueryCall, queryCode, queryError, queryReply, readQueryCall } from "./query-protocol.ts";
import type { QueueStore } from "./queue-store.ts";
import { deadLetterTarget, type KeptQueue, type Queue } from "./queue-store.ts";
import { changeVisibility, deleteMessage } from "./receipts.ts";
import { sendable, sendProblem } from "./sends.ts";
import { TraceHeaders } from "./trace-headers.ts";

type Input = Record<string, unknown>;

const namespace = "com.amazonaws.sqs#";

export type SqsWire = FauxqsWire & { readonly queues: QueueStore };

/** Amazon SQS: fauxqs behind AWS's rules, over the JSON protocol of today's SDKs and the query protocol of older ones. */
export function sqsService(fauxqs: SqsWire): LocalService {
  const traces = new TraceHeaders();
  return {
    names: ["sqs"],
    keeper: {
      name: "sqs",
      save: () => fauxqs.queues.save(),
      restore(state) {
        for (const [name, queue] of state as ReadonlyMap<string, KeptQueue>) {
          fauxqs.queues.kept.set(name, queue);
        }
      },
    },
    permissions(call) {
      const { action, input } = read(call);
      return sqsPermissions(action, input);
    },
    async handle(call) {
      const { action, input } = read(call);
      const output = traced(traces, action, await perform(fauxqs, action, input, call), call);
      return isQueryCall(call) ? queryReply(action, output) : jsonReply(call, output);
    },
    renderError(error, call) {
      return isQueryCall(call) ? queryError(error) : withQueryError(jsonError(call, error, namespace), error);
    },
  };
}

/** SDKs that knew the query protocol first show its code to their users, from this header. */
function withQueryError(reply: Reply, error: AwsError): Reply {
  const code = `${queryCode(error)};${error.status < 500 ? "Sender" : "Receiver"}`;
  return { ...reply, headers: { ...reply.headers, "x-amzn-query-error": code } };
}

function read(call: ApiCall): { action: string; input: Input } {
  return isQueryCall(call) ? readQueryCall(call) : { action: jsonAction(call), input: jsonInput(call) };
}

async function perform(fauxqs: SqsWire, action: string, input: Input, call: ApiCall): Promise<Input> {
  switch (action) {
    case "CreateQueue":
    case "SetQueueAttributes":
      checkRedrivePolicy(fauxqs, input);
      return withFullUrls(await forward(fauxqs, action, input), call);
    case "GetQueueUrl":
    case "ListQueues":
      return withFullUrls(await forward(fauxqs, action, input), call);
    case "GetQueueAttributes":
      return forward(fauxqs, action, { ...input, AttributeNames: input.AttributeNames ?? [] });
    case "ListDeadLetterSourceQueues": {
      const sources = fauxqs.queues.sourcesOf(existingQueue(fauxqs, input).arn);
      return withFullUrls({ queueUrls: sources.map((queue) => queue.url) }, call);
    }
    case "ReceiveMessage":
      return receive(fauxqs, input, call);
    case "SendMessage": {
      const problem = sendProblem(input);
      if (problem !== undefined) throw problem;
      return forward(fauxqs, action, input);
    }
    case "SendMessageBatch":
      return sendBatch(fauxqs, input);
    case "DeleteMessage":
      deleteMessage(existingQueue(fauxqs, input), input);
      return {};
    case "DeleteMessageBatch": {
      const queue = existingQueue(fauxqs, input);
      return eachEntry(readEntries(action, input.Entries), (entry) => deleteMessage(queue, entry));
    }
    case "ChangeMessageVisibility":
      changeVisibility(existingQueue(fauxqs, input), input);
      return {};
    case "ChangeMessageVisibilityBatch": {
      const queue = existingQueue(fauxqs, input);
      return eachEntry(readEntries(action, input.Entries), (entry) => changeVisibility(queue, entry));
    }
    default:
      return forward(fauxqs, action, input);
  }
}

async function sendBatch(fauxqs: SqsWire, input: Input): Promise<Input> {
  existingQueue(fauxqs, input);
  const { good, failed } = sendable(readEntries("SendMessageBatch", input.Entries));
  if (good.length === 0) return { Successful: [], Failed: failed };
  const sent = await forward(fauxqs, "SendMessageBatch", { ...input, Entries: good });
  return { ...sent, Failed: [...failed, ...((sent.Failed as object[] | undefined) ?? [])] };
}

/** Keeps the tracing header of sent messages, and returns it with received ones. */
function traced(traces: TraceHeaders, action: string, output: Input, { headers }: ApiCall): Input {
  const header = headers["x-amzn-trace-id"];
  const sent = (output.Successful ?? []) as { readonly MessageId?: string }[];
  if (action === "SendMessage") traces.note(header, [output.MessageId]);
  if (action === "SendMessageBatch")
    traces.note(
      header,
      sent.map(({ MessageId }) => MessageId),
    );
  if (action !== "ReceiveMessage" || !Array.isArray(output.Messages)) return output;
  return { ...output, Messages: output.Messages.map((message: object) => traces.shown(message)) };
}

interface Received {
  readonly ReceiptHandle: string;
  readonly MessageAttributes?: unknown;
  readonly MD5OfMessageAttributes?: unknown;
}

/** Like AWS, returns message attributes only on request, and delivers nothing to a caller that has disconnected. */
async function receive(fauxqs: SqsWire, input: Input, call: ApiCall): Promise<Input> {
  const { Messages: messages } = (await forward(fauxqs, "ReceiveMessage", input)) as {
    Messages?: Received[];
  };
  if (messages === undefined) return {};
  if (call.signal.aborted) {
    const queue = existingQueue(fauxqs, input);
    for (const { ReceiptHandle } of messages) queue.unreceive(ReceiptHandle);
    return {};
  }
  const asked = input.MessageAttributeNames;
  if (Array.isArray(asked) && asked.length > 0) return { Messages: messages };
  return { Messages: messages.map(({ MessageAttributes, MD5OfMessageAttributes, ...message }) => message) };
}

async function forward(fauxqs: SqsWire, action: string, input: Input): Promise<Input> {
  const reply = await fauxqs.request({
    method: "POST",
    path: "/",
    headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AmazonSQS.${action}` },
    body: JSON.stringify(input),
  });
  const output = JSON.parse(reply.body.toString()) as Input;
  if (reply.status === 200) return output;
  throw new AwsError(reply.status, String(output.__type).replace(/^.*#/, ""), String(output.message));
}

function existingQueue(fauxqs: SqsWire, input: Input): Queue {
  const queue = fauxqs.queues.getQueue(String(input.QueueUrl ?? ""));
  if (queue !== undefined) return queue;
  throw new AwsError(400, "QueueDoesNotExist", "The specified queue does not exist.");
}

/** AWS refuses a dead-letter queue that does not exist or is not of the same type. */
function checkRedrivePolicy(fauxqs: SqsWire, input: Input): void {
  const attributes = (input.Attributes ?? {}) as Record<string, string>;
  const target = deadLetterTarget(attributes.RedrivePolicy);
  if (target === undefined) return;
  const deadLetterQueue = fauxqs.queues.getQueueByArn(target);
  const name = String(input.QueueName ?? input.QueueUrl);
  const problem =
    deadLetterQueue === undefined
      ? "Reason: Dead letter target does not exist."
      : deadLetterQueue.isFifo() !== name.endsWith(".fifo")
        ? "Reason: Dead-letter queue must be same type of queue as the source."
        : undefined;
  if (problem === undefined) return;
  throw new AwsError(
    400,
    "InvalidParameterValue",
    `Value ${attributes.RedrivePolicy} for parameter RedrivePolicy is invalid. ${problem}`,
  );
}

function withFullUrls(output: Input, call: ApiCall): Input {
  const full = (path: unknown) => `${call.url.origin}${path}`;
  const lists = ["QueueUrls", "queueUrls"].filter((name) => Array.isArray(output[name]));
  return {
    ...output,
    ...(output.QueueUrl === undefined ? {} : { QueueUrl: full(output.QueueUrl) }),
    ...Object.fromEntries(lists.map((name) => [name, (output[name] as unknown[]).map(full)])),
  };
}
