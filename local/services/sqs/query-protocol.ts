import { randomUUID } from "node:crypto";
import { element, textElement } from "../../endpoint/xml.ts";
import type { ApiCall, AwsError, Reply } from "../../protocol/service.ts";

/**
 * The older protocol of SQS, which AWS CLI 2.9 uses: form fields in, XML out. It is translated to and from
 * the shapes of the JSON protocol, which fauxqs speaks.
 */
interface Fields {
  [name: string]: string | Fields;
}
type Json = Record<string, unknown>;

const lists: Record<string, string> = {
  AttributeName: "AttributeNames",
  MessageAttributeName: "MessageAttributeNames",
  MessageSystemAttributeName: "MessageSystemAttributeNames",
  TagKey: "TagKeys",
};
const maps: Record<string, { readonly name: string; readonly key: string }> = {
  Attribute: { name: "Attributes", key: "Name" },
  MessageAttribute: { name: "MessageAttributes", key: "Name" },
  Tag: { name: "Tags", key: "Key" },
};
const numbers = new Set([
  "DelaySeconds",
  "VisibilityTimeout",
  "MaxNumberOfMessages",
  "WaitTimeSeconds",
  "MaxResults",
]);
const batchEntry = /RequestEntry$/;

export function isQueryCall(call: ApiCall): boolean {
  return call.headers["x-amz-target"] === undefined;
}

export function readQueryCall(call: ApiCall): { action: string; input: Json } {
  const form = new URLSearchParams(call.method === "GET" ? call.url.search : call.body.toString("utf8"));
  const { Action: action, Version: _version, ...fields } = nest(form);
  const input = readFields(fields);
  const queueUrl = input.QueueUrl ?? (call.url.pathname === "/" ? undefined : call.url.href);
  return {
    action: String(action ?? ""),
    input: queueUrl === undefined ? input : { ...input, QueueUrl: queueUrl },
  };
}

/** `Attribute.1.Name=x` becomes `{ Attribute: { "1": { Name: "x" } } }`. */
function nest(form: URLSearchParams): Fields {
  const root: Fields = Object.create(null);
  for (const [path, value] of form) {
    const steps = path.split(".");
    const last = steps.pop() ?? path;
    let at = root;
    for (const step of steps) {
      const next = at[step];
      const inner: Fields = typeof next === "object" ? next : Object.create(null);
      at[step] = inner;
      at = inner;
    }
    at[last] = value;
  }
  return root;
}

function readFields(fields: Fields): Json {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      if (typeof value === "string") return [name, numbers.has(name) ? Number(value) : value];
      const map = maps[name];
      if (map !== undefined) return [map.name, readMap(value, map.key)];
      if (batchEntry.test(name))
        return ["Entries", inOrder(value).map((entry) => readFields(entry as Fields))];
      return [lists[name] ?? name, inOrder(value)];
    }),
  );
}

function readMap(numbered: Fields, keyField: string): Json {
  const entries = inOrder(numbered) as Fields[];
  return Object.fromEntries(entries.map((entry) => [String(entry[keyField]), entry.Value]));
}

function inOrder(numbered: Fields): (string | Fields)[] {
  return Object.entries(numbered)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, value]) => value);
}

export function queryReply(action: string, output: Json): Reply {
  const result = element(
    `${action}Result`,
    ...Object.entries(output).map(([name, value]) => render(action, name, value)),
  );
  const metadata = element("ResponseMetadata", textElement("RequestId", randomUUID()));
  return xmlReply(
    200,
    `<${action}Response xmlns="http://queue.amazonaws.com/doc/2012-11-05/">${result}${metadata}</${action}Response>`,
  );
}

function render(action: string, name: string, value: unknown): string {
  if (value === undefined || value === null) return "";
  switch (name) {
    case "QueueUrls":
    case "queueUrls":
      return (value as string[]).map((url) => textElement("QueueUrl", url)).join("");
    case "Attributes":
      return renderMap("Attribute", "Name", value as Json);
    case "MessageAttributes":
      return renderMap("MessageAttribute", "Name", value as Json);
    case "Tags":
      return renderMap("Tag", "Key", value as Json);
    case "Messages":
      return renderList(action, "Message", value as Json[]);
    case "Successful":
      return renderList(action, `${action}ResultEntry`, value as Json[]);
    case "Failed":
      return renderList(action, "BatchResultErrorEntry", value as Json[]);
    default:
      return textElement(name, String(value));
  }
}

function renderList(action: string, name: string, items: Json[]): string {
  return items
    .map((item) =>
      element(name, ...Object.entries(item).map(([field, value]) => render(action, field, value))),
    )
    .join("");
}

function renderMap(name: string, keyField: string, map: Json): string {
  return Object.entries(map)
    .map(([key, value]) =>
      element(
        name,
        textElement(keyField, key),
        typeof value === "object" && value !== null
          ? element(
              "Value",
              ...Object.entries(value).map(([field, part]) => textElement(field, String(part))),
            )
          : textElement("Value", String(value)),
      ),
    )
    .join("");
}

/** The codes that differ between the two wires. */
const queryCodes: Record<string, string> = {
  AccessDeniedException: "AccessDenied",
  QueueDoesNotExist: "AWS.SimpleQueueService.NonExistentQueue",
  QueueNameExists: "QueueAlreadyExists",
  EmptyBatchRequest: "AWS.SimpleQueueService.EmptyBatchRequest",
  TooManyEntriesInBatchRequest: "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
  BatchEntryIdsNotDistinct: "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
  BatchRequestTooLong: "AWS.SimpleQueueService.BatchRequestTooLong",
  InvalidBatchEntryId: "AWS.SimpleQueueService.InvalidBatchEntryId",
  MessageNotInflight: "AWS.SimpleQueueService.MessageNotInflight",
};

/** Returns the error code of the query protocol. */
export function queryCode({ code }: AwsError): string {
  return queryCodes[code] ?? code;
}

export function queryError(error: AwsError): Reply {
  const fault = error.status < 500 ? "Sender" : "Receiver";
  const details = element(
    "Error",
    textElement("Type", fault),
    textElement("Code", queryCode(error)),
    textElement("Message", error.message),
  );
  return xmlReply(error.status, element("ErrorResponse", details, textElement("RequestId", randomUUID())));
}

function xmlReply(status: number, xml: string): Reply {
  return { status, headers: { "content-type": "text/xml" }, body: `<?xml version="1.0"?>${xml}` };
}
