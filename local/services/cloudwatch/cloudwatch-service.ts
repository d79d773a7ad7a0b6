import { gunzipSync } from "node:zlib";
import { jsonAction, jsonError, jsonInput } from "../../endpoint/json-protocol.ts";
import { formError, formReply, isFormCall, readFormCall } from "../../endpoint/member-lists.ts";
import { accountId, region } from "../../protocol/account.ts";
import {
  type ApiCall,
  AwsError,
  type LocalService,
  type Permission,
  type Reply,
} from "../../protocol/service.ts";
import { metricActions, type Output } from "./actions.ts";
import { alarmActions } from "./alarm-actions.ts";
import type { CloudWatch } from "./cloudwatch.ts";

const xmlNamespace = "http://monitoring.amazonaws.com/doc/2010-08-01/";
const actions = { ...metricActions, ...alarmActions };

/** CloudWatch over the JSON protocol of today's SDKs and CLI and the query protocol of older ones (AWS CLI 2.9). */
export function cloudwatchService(cloudWatch: CloudWatch): LocalService {
  return {
    names: ["monitoring"],
    permissions: (call) => {
      const { action, input } = read(call);
      return permissionsOf(action, input);
    },
    async handle(call) {
      const { action, input } = read(call);
      const run = actions[action];
      if (run === undefined) throw unknownAction(action);
      return reply(call, action, run(cloudWatch, input));
    },
    renderError: (error, call) => (isFormCall(call) ? formError(error) : inJson(call, error)),
    async close() {
      cloudWatch.stop();
    },
  };
}

function read(call: ApiCall): { action: string; input: Record<string, unknown> } {
  const protocol = call.headers["smithy-protocol"];
  if (protocol !== undefined) {
    throw new AwsError(
      400,
      "UnknownProtocol",
      `The local CloudWatch speaks AWS JSON 1.0 and the query protocol, and not ${protocol}.`,
    );
  }
  if (isFormCall(call)) return readFormCall(call);
  const body = call.headers["content-encoding"] === "gzip" ? gunzipSync(call.body) : call.body;
  return { action: jsonAction(call), input: jsonInput({ ...call, body }) };
}

/** Alarms are the only resources that CloudWatch's permissions know. */
function permissionsOf(action: string, input: Record<string, unknown>): Permission[] {
  if (!(action in actions)) throw unknownAction(action);
  const named = [input.AlarmName ?? input.AlarmNames ?? []].flat();
  const ofAlarms = action in alarmActions && named.length > 0;
  const resources = ofAlarms
    ? named.map((name) => `arn:aws:cloudwatch:${region}:${accountId}:alarm:${name}`)
    : ["*"];
  return resources.map((resource) => ({ action: `cloudwatch:${action}`, resource }));
}

function reply(call: ApiCall, action: string, output: Output): Reply {
  if (isFormCall(call)) return formReply(xmlNamespace, action, output);
  const body = JSON.stringify(output, function (key, value) {
    const raw = (this as Output)[key];
    return raw instanceof Date ? raw.getTime() / 1000 : value;
  });
  return { status: 200, headers: { "content-type": "application/x-amz-json-1.0" }, body };
}

function inJson(call: ApiCall, error: AwsError): Reply {
  const { headers, ...rest } = jsonError(call, error);
  const fault = error.status < 500 ? "Sender" : "Receiver";
  return { ...rest, headers: { ...headers, "x-amzn-query-error": `${error.code};${fault}` } };
}

function unknownAction(action: string): AwsError {
  return new AwsError(400, "InvalidAction", `The local CloudWatch does not have the action "${action}".`);
}
