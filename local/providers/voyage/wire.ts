import * as z from "zod";
import { countTokensUpTo } from "../../../core/text/tokens.ts";
import { modelDimensions, modelName } from "../../embeddings/sentence-model.ts";

/** Voyage's limits for one request. */
const maxInputs = 128;
const maxTokens = 120_000;
/** The limit of one text. */
const maxTextTokens = 32_000;

const requestBody = z.strictObject({
  model: z.string(),
  input: z.preprocess(
    (input) => (typeof input === "string" ? [input] : input),
    z
      .array(z.string().min(1, "is an empty text"))
      .min(1, "is empty")
      .max(maxInputs, `has over ${maxInputs} texts`),
  ),
  input_type: z.enum(["query", "document"]).nullish(),
  truncation: z.boolean().default(true),
  output_dimension: z.number().int().nullish(),
  output_dtype: z.literal("float").default("float"),
  encoding_format: z.literal("base64").nullish(),
});

export interface VoyageRequest {
  readonly texts: readonly string[];
  readonly base64: boolean;
  readonly truncation: boolean;
}

/** An error in the shape that Voyage answers. */
export class VoyageError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "VoyageError";
    this.status = status;
  }

  body(): object {
    return { detail: this.message };
  }
}

/** Parses the body of `POST /v1/embeddings`. Throws VoyageError. */
export function readRequest(body: string): VoyageRequest {
  const parsed = requestBody.safeParse(parseJson(body));
  if (!parsed.success) throw new VoyageError(400, z.prettifyError(parsed.error));
  const { model, input, output_dimension: dimension, encoding_format, truncation } = parsed.data;
  if (model !== modelName) {
    throw new VoyageError(
      400,
      `Model ${model} is not supported. This server has ${modelName}: set images:embeddingModel.`,
    );
  }
  if (dimension !== undefined && dimension !== null && dimension !== modelDimensions) {
    throw new VoyageError(
      400,
      `${modelName} gives ${modelDimensions} dimensions, not ${dimension}: set images:embeddingDimensions.`,
    );
  }
  return { texts: input, base64: encoding_format === "base64", truncation };
}

/** Throws VoyageError for a request over Voyage's limits. */
export function checkTokens({ texts, truncation }: VoyageRequest): void {
  const tokens = texts.map((text) => countTokensUpTo(text, maxTokens));
  const longest = Math.max(...tokens);
  if (!truncation && longest > maxTextTokens) {
    throw new VoyageError(
      400,
      `A text has over ${maxTextTokens} tokens, the maximum of this model, and truncation is off.`,
    );
  }
  const total = tokens.reduce((sum, count) => sum + Math.min(count, maxTextTokens), 0);
  if (total > maxTokens) {
    throw new VoyageError(400, `The request has ${total} tokens, of at most ${maxTokens} for this model.`);
  }
}

export function renderAnswer(vectors: readonly Float32Array[], base64: boolean, totalTokens: number): object {
  return {
    object: "list",
    data: vectors.map((vector, index) => ({
      object: "embedding",
      embedding: base64
        ? Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64")
        : Array.from(vector),
      index,
    })),
    model: modelName,
    usage: { total_tokens: totalTokens },
  };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new VoyageError(400, "The request body is not valid JSON.");
  }
}
