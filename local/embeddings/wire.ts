import { z } from "zod";
import type { Embedded } from "./model-pool.ts";
import { modelDimensions, modelName, reversedModelName } from "./sentence-model.ts";

const maxInputs = 2048;

const texts = z
  .array(z.string("is not a text").min(1, "must not be an empty string"), "must be a text or a list of texts")
  .min(1, "must not be empty")
  .max(maxInputs, `must not be more than ${maxInputs} texts`);

const requestBody = z.object({
  model: z.string(),
  input: z.preprocess((input) => (typeof input === "string" ? [input] : input), texts),
  encoding_format: z.enum(["float", "base64"]).default("float"),
  dimensions: z.number().optional(),
});

export const modelNames: readonly string[] = [modelName, reversedModelName];

export interface EmbeddingsRequest {
  readonly model: string;
  readonly texts: readonly string[];
  readonly format: "float" | "base64";
}

/** An error in the shape that OpenAI's SDK reads. */
export class ApiError extends Error {
  readonly status: number;
  readonly param: string | null;
  readonly code: string | null;

  constructor(status: number, message: string, param: string | null, code: string | null) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.param = param;
    this.code = code;
  }

  body(): object {
    const type = this.status >= 500 ? "server_error" : "invalid_request_error";
    return { error: { message: this.message, type, param: this.param, code: this.code } };
  }
}

/** Parses the body of `POST /v1/embeddings`. Throws ApiError for an unsupported request. */
export function readRequest(body: string): EmbeddingsRequest {
  const parsed = requestBody.safeParse(parseJson(body));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const param = String(issue?.path[0] ?? "input");
    throw new ApiError(400, `'${param}' is invalid: ${issue?.message ?? "not understood"}`, param, null);
  }
  const { model, input, encoding_format: format, dimensions } = parsed.data;
  if (!modelNames.includes(model)) {
    throw new ApiError(
      404,
      `The model '${model}' does not exist here. This server has ${modelNames.join(" and ")}: set embedding:model.`,
      "model",
      "model_not_found",
    );
  }
  if (dimensions !== undefined && dimensions !== modelDimensions) {
    throw new ApiError(
      400,
      `'${model}' gives ${modelDimensions} dimensions, not ${dimensions}: set embedding:dimensions.`,
      "dimensions",
      null,
    );
  }
  return { model, texts: input, format };
}

export function renderAnswer(
  embedded: readonly Embedded[],
  { model, format }: Pick<EmbeddingsRequest, "model" | "format">,
): object {
  const tokens = embedded.reduce((sum, one) => sum + one.tokens, 0);
  return {
    object: "list",
    data: embedded.map(({ vector: own }, index) => {
      const vector = model === reversedModelName ? reversed(own) : own;
      return {
        object: "embedding",
        index,
        embedding: format === "base64" ? base64(vector) : floats(vector),
      };
    }),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

function reversed(vector: Uint8Array): Uint8Array {
  return new Uint8Array(Float32Array.from(floats(vector)).reverse().buffer);
}

function base64(vector: Uint8Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64");
}

function floats(vector: Uint8Array): number[] {
  return Array.from(new Float32Array(vector.buffer, vector.byteOffset, modelDimensions));
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new ApiError(400, "The body is not JSON.", null, null);
  }
}
