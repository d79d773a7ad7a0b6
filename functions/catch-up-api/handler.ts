import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import { crossOriginHeaders, preflightHeaders } from "../../core/catchup/api/cross-origin.ts";
import { answerRequest } from "../../core/catchup/api/routes.ts";
import { defineFunction } from "../../core/process/define-function.ts";
import { definedValues } from "../../core/process/defined-values.ts";
import { apiConfig } from "./config.ts";
import { apiDeps } from "./deps.ts";

/** Answers one request of the catch-up API. API Gateway has checked its key. */
export const handler = defineFunction({
  name: "catch-up-api",
  config: apiConfig,
  deps: apiDeps,
  async handle(event: APIGatewayProxyEvent, deps): Promise<APIGatewayProxyResult> {
    const headers = lowerCased(definedValues(event.headers));
    if (event.httpMethod === "OPTIONS") {
      return { statusCode: 204, headers: preflightHeaders(headers.origin, deps.corsOrigins), body: "" };
    }
    const { status, body } = await answerRequest(
      {
        method: event.httpMethod,
        path: event.path,
        query: definedValues(event.queryStringParameters),
        headers,
        body: bodyOf(event),
      },
      deps,
    );
    return {
      statusCode: status,
      headers: {
        "content-type": "application/json",
        ...crossOriginHeaders(headers.origin, deps.corsOrigins),
      },
      body: JSON.stringify(body),
    };
  },
});

function bodyOf({ isBase64Encoded, body }: APIGatewayProxyEvent): string | undefined {
  if (isBase64Encoded && body) return Buffer.from(body, "base64").toString();
  return body ?? undefined;
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
