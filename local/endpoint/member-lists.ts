import { randomUUID } from "node:crypto";
import type { ApiCall, AwsError, Reply } from "../protocol/service.ts";
import { element, escapeXml, textElement } from "./xml.ts";

/**
 * The query protocol as CloudWatch and most older services speak it: form fields in, in which lists are
 * `Name.member.1.Field`; XML out, in which lists are elements named `member`.
 */
type Json = { [name: string]: unknown };

export function isFormCall(call: ApiCall): boolean {
  return call.headers["x-amz-target"] === undefined && call.headers["smithy-protocol"] === undefined;
}

/** All values are text. */
export function readFormCall(call: ApiCall): { action: string; input: Json } {
  const form = new URLSearchParams(call.method === "GET" ? call.url.search : call.body.toString("utf8"));
  const root: Json = Object.create(null);
  for (const [path, value] of form) {
    const steps = path.split(".");
    const last = steps.pop() ?? path;
    let at = root;
    for (const step of steps) {
      at[step] ??= Object.create(null);
      at = at[step] as Json;
    }
    at[last] = value;
  }
  const { Action, Version: _version, ...fields } = root;
  return { action: String(Action ?? ""), input: listsOf(fields) as Json };
}

/** `{ member: { "1": x, "2": y } }` is `[x, y]`. */
function listsOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { member, ...others } = value as Json;
  if (typeof member === "object" && member !== null) {
    return Object.entries(member)
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([, entry]) => listsOf(entry));
  }
  return Object.fromEntries(Object.entries(others).map(([name, inner]) => [name, listsOf(inner)]));
}

/** Times are Dates. */
export function formReply(xmlNamespace: string, action: string, output: Json): Reply {
  const result = element(`${action}Result`, fieldsOf(output));
  const metadata = element("ResponseMetadata", textElement("RequestId", randomUUID()));
  return xmlReply(
    200,
    `<${action}Response xmlns="${escapeXml(xmlNamespace)}">${result}${metadata}</${action}Response>`,
  );
}

export function formError(error: AwsError): Reply {
  const details = element(
    "Error",
    textElement("Type", error.status < 500 ? "Sender" : "Receiver"),
    textElement("Code", error.code),
    textElement("Message", error.message),
  );
  return xmlReply(error.status, element("ErrorResponse", details, textElement("RequestId", randomUUID())));
}

function fieldsOf(fields: object): string {
  return Object.entries(fields)
    .map(([name, value]) => field(name, value))
    .join("");
}

function field(name: string, value: unknown): string {
  if (value === undefined || value === null) return "";
  if (value instanceof Date) return textElement(name, value.toISOString());
  if (Array.isArray(value)) return element(name, ...value.map((entry) => field("member", entry)));
  if (typeof value === "object") return element(name, fieldsOf(value));
  return textElement(name, String(value));
}

function xmlReply(status: number, xml: string): Reply {
  return { status, headers: { "content-type": "text/xml" }, body: `<?xml version="1.0"?>${xml}` };
}
