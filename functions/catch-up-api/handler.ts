import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from "aws-lambda";
import { crossOriginHeaders, preflightHeaders } from "../../core/catchup/api/cross-origin.ts";
import { answerRequest } from "../../core/catchup/api/routes.ts";
import { processLog } from "../../core/process-log.ts";
import { readEnvironment } from "../../core/settings/environment.ts";
import { apiDeps } from "./deps.ts";
import { apiEnvironment } from "./environment.ts";

const log = processLog("catch-up-api");
const environment = readEnvironment(apiEnvironment);
const deps = apiDeps(environment, log);

/** Answers one request of the catch-up API. API Gateway has checked its key. */
export async function handler(event: APIGatewayProxyEvent, context: Context): Promise<APIGatewayProxyResult> {
  log.addContext(context);
  const { CORS_ORIGINS: allowed } = environment;
  const headers = lowerCased(definedOf(event.headers));
  if (event.httpMethod === "OPTIONS") {
    return { statusCode: 204, headers: preflightHeaders(headers.origin, allowed), body: "" };
  }
  const { status, body } = await answerRequest(
    {
      method: event.httpMethod,
      path: event.path,
      query: definedOf(event.queryStringParameters),
      headers,
      body:
        event.isBase64Encoded && event.body
          ? Buffer.from(event.body, "base64").toString()
          : (event.body ?? undefined),
    },
    deps,
  );
  return {
    statusCode: status,
    headers: { "content-type": "application/json", ...crossOriginHeaders(headers.origin, allowed) },
    body: JSON.stringify(body),
  };
}

function definedOf(values: Readonly<Record<string, string | undefined>> | null): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
