import { randomUUID } from "node:crypto";
import type { HttpCall } from "../endpoint/router.ts";
import type { UnsignedService } from "../endpoint/unsigned-service.ts";
import type { Iam } from "../iam/iam.ts";
import { accountId, region } from "../protocol/account.ts";
import type { Reply } from "../protocol/service.ts";
import { authorize } from "./authorization.ts";
import { findResource } from "./find-resource.ts";
import { GatewayError, missingAuthenticationToken, requestTooLarge, throttled } from "./gateway-error.ts";
import type { ProxyInvoker } from "./proxy-invoker.ts";
import type { RestApis } from "./rest-apis.ts";
import type { Stage } from "./stage.ts";

const address = /^\/restapis\/([^/?]+)\/([^/?]+)\/_user_request_(\/[^?]*)?(?:\?|$)/;
const maxBodyBytes = 10 * 1024 * 1024;

/** Requests to the deployed APIs, at `/restapis/{apiId}/{stage}/_user_request_/{path}`. */
export class UserRequests implements UnsignedService {
  readonly #apis: RestApis;
  readonly #invoker: ProxyInvoker;
  readonly #iam: Iam;

  constructor(apis: RestApis, invoker: ProxyInvoker, iam: Iam) {
    this.#apis = apis;
    this.#invoker = invoker;
    this.#iam = iam;
  }

  takes(target: string): boolean {
    return address.test(target);
  }

  async handle(call: HttpCall): Promise<Reply> {
    const requestId = randomUUID();
    const { headers, ...reply } = await this.#answer(call, requestId).catch((error: unknown) => {
      if (error instanceof GatewayError) return refusalReply(error, this.#stageOf(call));
      throw error;
    });
    return { ...reply, headers: { ...headers, "x-amzn-requestid": requestId, "x-amz-apigw-id": requestId } };
  }

  #stageOf({ target }: HttpCall): Stage | undefined {
    const [, apiId = "", stageName = ""] = address.exec(target) ?? [];
    return this.#apis.stage(apiId, stageName);
  }

  async #answer(call: HttpCall, requestId: string): Promise<Reply> {
    const [, apiId = "", stageName = "", path = "/"] = address.exec(call.target) ?? [];
    const stage = this.#stageOf(call);
    const found = findResource(stage?.deployment.resources ?? [], path);
    const name = found?.resource.methods.has(call.method) ? call.method : "ANY";
    const method = found?.resource.methods.get(name);
    if (stage === undefined || found === undefined || method?.integration === undefined) {
      throw missingAuthenticationToken();
    }
    const arn = `arn:aws:execute-api:${region}:${accountId}:${apiId}/${stageName}/${call.method}${path}`;
    const caller = authorize({ call, method, policy: stage.deployment.policy, arn }, this.#iam);
    if (call.body.length > maxBodyBytes) throw requestTooLarge();
    const key = method.apiKeyRequired
      ? this.#apis.usagePlans.admit(`${apiId}/${stageName}`, call.headers["x-api-key"])
      : undefined;
    if (!stage.admits(found.resource.path, name)) throw throttled();
    return this.#invoker.invoke(method.integration, {
      call,
      requestId,
      apiId,
      stage,
      path,
      key,
      caller,
      ...found,
    });
  }
}

function refusalReply({ status, errorType, message }: GatewayError, stage: Stage | undefined): Reply {
  const added = stage?.deployment.refusalHeaders.get(status < 500 ? "DEFAULT_4XX" : "DEFAULT_5XX");
  return {
    status,
    headers: { "content-type": "application/json", "x-amzn-errortype": errorType, ...added },
    body: JSON.stringify({ message }),
  };
}
