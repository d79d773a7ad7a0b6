import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import { answerSearch } from "../../core/images/search/answer-search.ts";
import { defineFunction } from "../../core/process/define-function.ts";
import { searchConfig } from "./config.ts";
import { searchDeps } from "./deps.ts";

/** Answers one search. API Gateway has checked the key or the signature. */
export const handler = defineFunction({
  name: "image-search",
  config: searchConfig,
  deps: searchDeps,
  reserveMs: 1_000,
  async handle(event: APIGatewayProxyEvent, depsFor, { giveUpAt }): Promise<APIGatewayProxyResult> {
    const query = Object.fromEntries(
      Object.entries(event.queryStringParameters ?? {}).map(([name, value]) => [name, value ?? ""]),
    );
    const { status, body } = await answerSearch(
      { caller: event.requestContext.identity, query },
      depsFor(giveUpAt),
    );
    return {
      statusCode: status,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    };
  },
});
