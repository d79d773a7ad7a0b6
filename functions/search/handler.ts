import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import { defineFunction } from "../../core/process/define-function.ts";
import { definedValues } from "../../core/process/defined-values.ts";
import { answerRequest } from "../../core/search/shards/answer-request.ts";
import { searchConfig } from "./config.ts";
import { searchDeps } from "./deps.ts";

/** Answers one request of the search API. API Gateway has checked its key. */
export const handler = defineFunction({
  name: "search",
  metrics: "search",
  config: searchConfig,
  deps: searchDeps,
  // For the response that a shard is still being opened.
  reserveMs: 1_500,
  async handle(event: APIGatewayProxyEvent, deps, { giveUpAt }): Promise<APIGatewayProxyResult> {
    const { status, headers, body } = await answerRequest(
      {
        method: event.httpMethod,
        path: event.path,
        query: definedValues(event.queryStringParameters),
        body: Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8"),
      },
      deps.answersFor(giveUpAt),
      deps.telemetry,
    );
    return {
      statusCode: status,
      headers: {
        ...headers,
        "content-type": "application/json; charset=utf-8",
        "cache-control": "no-store",
      },
      body: JSON.stringify(body),
    };
  },
});
