import type { HttpCall } from "../endpoint/router.ts";
import { accountId } from "../protocol/account.ts";
import type { Caller } from "../protocol/service.ts";
import { sourceIp } from "./authorization.ts";
import type { ApiKey } from "./usage-plans.ts";

/** The data of a request that the function's event contains. */
export interface ProxyRequest {
  readonly call: HttpCall;
  readonly requestId: string;
  readonly apiId: string;
  readonly stage: { readonly name: string; readonly variables: Readonly<Record<string, string>> };
  readonly resource: { readonly id: string; readonly path: string };
  readonly pathParameters: Readonly<Record<string, string>>;
  /** The part after the stage, still encoded. */
  readonly path: string;
  readonly key: ApiKey | undefined;
  /** The signer of the request, if the method requires a signature. */
  readonly caller: Caller | undefined;
}

/** The event of an AWS_PROXY integration of a REST API: payload format 1.0. */
export function proxyEvent({ call, ...request }: ProxyRequest): object {
  const url = new URL(`${call.origin}${call.target}`);
  const headers = multiple([...headersOf(call), ...forwarded(url)]);
  const query = multiple([...url.searchParams]);
  return {
    resource: request.resource.path,
    path: request.path,
    httpMethod: call.method,
    headers: last(headers),
    multiValueHeaders: orNull(headers),
    queryStringParameters: last(query),
    multiValueQueryStringParameters: orNull(query),
    pathParameters: orNull(request.pathParameters),
    stageVariables: orNull(request.stage.variables),
    requestContext: requestContext(call, url, request),
    body: call.body.length === 0 ? null : call.body.toString("utf8"),
    isBase64Encoded: false,
  };
}

function requestContext(call: HttpCall, url: URL, request: Omit<ProxyRequest, "call">): object {
  const now = new Date();
  return {
    resourceId: request.resource.id,
    resourcePath: request.resource.path,
    httpMethod: call.method,
    extendedRequestId: request.requestId,
    requestTime: requestTime(now),
    // Includes the stage, like under a custom domain's base path, so that the function can rebuild the address that the
    // caller used.
    path: url.pathname,
    accountId,
    protocol: "HTTP/1.1",
    stage: request.stage.name,
    domainPrefix: url.hostname,
    requestTimeEpoch: now.getTime(),
    requestId: request.requestId,
    identity: {
      cognitoIdentityPoolId: null,
      accountId: request.caller ? accountId : null,
      cognitoIdentityId: null,
      caller: request.caller?.arn ?? null,
      ...(request.key && { apiKey: request.key.value, apiKeyId: request.key.id }),
      sourceIp,
      principalOrgId: null,
      accessKey: null,
      cognitoAuthenticationType: null,
      cognitoAuthenticationProvider: null,
      userArn: request.caller?.arn ?? null,
      userAgent: call.headers["user-agent"] ?? null,
      user: null,
    },
    domainName: url.host,
    apiId: request.apiId,
  };
}

/** Returns the headers in their original case, with repetitions. */
function headersOf({ rawHeaders }: HttpCall): [string, string][] {
  return rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ""] as [string, string]] : [],
  );
}

function forwarded(url: URL): [string, string][] {
  return [
    ["X-Forwarded-For", sourceIp],
    ["X-Forwarded-Port", url.port],
    ["X-Forwarded-Proto", "http"],
  ];
}

function multiple(pairs: readonly (readonly [string, string])[]): Record<string, string[]> {
  const values: Record<string, string[]> = {};
  for (const [name, value] of pairs) values[name] = [...(values[name] ?? []), value];
  return values;
}

/** Returns the last value of each name. */
function last(values: Readonly<Record<string, readonly string[]>>): Record<string, string> | null {
  return orNull(Object.fromEntries(Object.entries(values).map(([name, all]) => [name, all.at(-1) ?? ""])));
}

function orNull<T extends object>(values: T): T | null {
  return Object.keys(values).length === 0 ? null : values;
}

/** `25/Nov/2026:11:30:22 +0000`. */
function requestTime(now: Date): string {
  const [, day, month, year, time] = now.toUTCString().split(" ");
  return `${day}/${month}/${year}:${time} +0000`;
}
