import type { FunctionPool } from "../lambda/function-pool.ts";
import type { Functions } from "../lambda/functions.ts";
import { TooManyRequestsError } from "../lambda/invocation.ts";
import type { Platform } from "../lambda/platform.ts";
import { accountId, region } from "../protocol/account.ts";
import type { Reply } from "../protocol/service.ts";
import { invocationFailed, malformedAnswer, requestTooLarge, timedOut } from "./gateway-error.ts";
import { replyOf } from "./proxy-answer.ts";
import { type ProxyRequest, proxyEvent } from "./proxy-event.ts";
import type { Integration } from "./rest-api.ts";

const maxEventBytes = 6 * 1024 * 1024;

/** AWS_PROXY integrations: invokes the function, if its resource policy lets API Gateway, and reads its answer. */
export class ProxyInvoker {
  readonly #functions: Functions;
  readonly #platform: Platform;

  constructor(functions: Functions, platform: Platform) {
    this.#functions = functions;
    this.#platform = platform;
  }

  /** Throws GatewayError. After a timeout the function keeps running, as on AWS. */
  async invoke({ functionArn, timeoutMilliseconds }: Integration, request: ProxyRequest): Promise<Reply> {
    const pool = this.#permitted(functionArn, request);
    const event = JSON.stringify(proxyEvent(request));
    if (Buffer.byteLength(event) > maxEventBytes) throw requestTooLarge();
    const { payload, failed } = await within(timeoutMilliseconds, invoke(pool, event));
    // The function's log already has the error.
    if (failed) throw malformedAnswer();
    const reply = replyOf(payload);
    if (reply !== undefined) return reply;
    this.#platform.report(
      `The function ${pool.definition.name} did not answer as API Gateway demands: Malformed Lambda proxy response.`,
    );
    throw malformedAnswer();
  }

  #permitted(functionArn: string, { apiId, stage, call, resource }: ProxyRequest): FunctionPool {
    const pool = this.#functions.find(functionArn);
    const path = resource.path.replaceAll(/\{[^}]*\}/g, "*");
    const source = `arn:aws:execute-api:${region}:${accountId}:${apiId}/${stage.name}/${call.method}${path}`;
    const name = pool?.definition.name ?? functionArn;
    if (pool !== undefined && this.#functions.policies.allow(name, "apigateway.amazonaws.com", source)) {
      return pool;
    }
    this.#platform.report(
      `Invalid permissions on Lambda function ${name}: no aws.lambda.Permission lets apigateway.amazonaws.com invoke it for ${source}.`,
    );
    throw invocationFailed();
  }
}

function invoke(pool: FunctionPool, event: string) {
  return pool.invoke(event).catch((error: unknown) => {
    if (error instanceof TooManyRequestsError) throw invocationFailed();
    throw error;
  });
}

function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(timedOut()), milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
