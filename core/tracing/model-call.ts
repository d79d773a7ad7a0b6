import { type Attributes, SpanKind } from "@opentelemetry/api";
import { inSpan } from "./span.ts";

/** A request to a model of a provider. */
export interface ModelCall {
  readonly operation: "chat" | "embeddings";
  readonly provider: "anthropic" | "openai" | "voyageai";
  readonly model: string;
}

/** The reported details of the model's response. */
export interface ModelAnswer {
  readonly model?: string | undefined;
  readonly id?: string | undefined;
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
}

/**
 * Records one request to a model as a span of OpenTelemetry's conventions for generative AI. The conventions are in
 * development; only this file uses their names, which may change. Prompts, images and answers are never attributes.
 */
export function inModelCall<T>(
  { operation, provider, model }: ModelCall,
  work: () => Promise<T>,
  answerOf: (result: T) => ModelAnswer,
): Promise<T> {
  const attributes = {
    "gen_ai.operation.name": operation,
    "gen_ai.provider.name": provider,
    "gen_ai.request.model": model,
  };
  return inSpan(
    `${operation} ${model}`,
    attributes,
    async (span) => {
      const result = await work();
      span.setAttributes(attributesOf(answerOf(result)));
      return result;
    },
    SpanKind.CLIENT,
  );
}

function attributesOf({ model, id, inputTokens, outputTokens }: ModelAnswer): Attributes {
  return {
    "gen_ai.response.model": model,
    "gen_ai.response.id": id,
    "gen_ai.usage.input_tokens": inputTokens,
    "gen_ai.usage.output_tokens": outputTokens,
  };
}
