import * as z from "zod";
import type { JsonSchema } from "./fit-schema.ts";

/** The common part of both wire formats. */
export interface VisionRequest {
  readonly model: string;
  readonly image: Buffer;
  readonly prompt: string;
  /** Undefined if any text will do. */
  readonly schema: JsonSchema | undefined;
  readonly maxOutputTokens: number;
}

/** The request is refused. */
export class VisionRequestError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "VisionRequestError";
    this.status = status;
  }
}

export const modelName = "local-ocr";
/** The limit of both providers. */
const maxImageBytes = 5 * 1024 * 1024;

const jsonSchema = z.looseObject({ type: z.literal("object") });

const anthropicBody = z.object({
  model: z.string(),
  max_tokens: z.number().int().min(1),
  messages: z
    .array(
      z.object({
        role: z.literal("user"),
        content: z.array(
          z.discriminatedUnion("type", [
            z.object({
              type: z.literal("image"),
              source: z.object({ type: z.literal("base64"), media_type: z.string(), data: z.base64() }),
            }),
            z.object({ type: z.literal("text"), text: z.string() }),
          ]),
        ),
      }),
    )
    .length(1),
  output_config: z
    .object({ format: z.object({ type: z.literal("json_schema"), schema: jsonSchema }) })
    .optional(),
  stream: z.literal(false).optional(),
});

const openAiBody = z.object({
  model: z.string(),
  max_output_tokens: z.number().int().min(16).default(4_096),
  input: z
    .array(
      z.object({
        role: z.literal("user"),
        content: z.array(
          z.discriminatedUnion("type", [
            z.object({
              type: z.literal("input_image"),
              image_url: z.string().startsWith("data:image/", "is no data URL"),
            }),
            z.object({ type: z.literal("input_text"), text: z.string() }),
          ]),
        ),
      }),
    )
    .length(1),
  text: z.object({ format: z.object({ type: z.literal("json_schema"), schema: jsonSchema }) }).optional(),
  stream: z.literal(false).optional(),
});

/** The body of `POST /v1/messages`. Throws VisionRequestError. */
export function readAnthropicRequest(body: string): VisionRequest {
  const { model, max_tokens, messages, output_config } = parsed(anthropicBody, body);
  const content = messages.flatMap((message) => message.content);
  return checked({
    model,
    maxOutputTokens: max_tokens,
    schema: output_config?.format.schema as JsonSchema | undefined,
    images: content.flatMap((part) => (part.type === "image" ? [part.source.data] : [])),
    prompt: content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n"),
  });
}

/** The body of `POST /v1/responses`. Throws VisionRequestError. */
export function readOpenAiRequest(body: string): VisionRequest {
  const { model, max_output_tokens, input, text } = parsed(openAiBody, body);
  const content = input.flatMap((message) => message.content);
  return checked({
    model,
    maxOutputTokens: max_output_tokens,
    schema: text?.format.schema as JsonSchema | undefined,
    images: content.flatMap((part) =>
      part.type === "input_image" ? [part.image_url.replace(/^data:[^,]*;base64,/, "")] : [],
    ),
    prompt: content.flatMap((part) => (part.type === "input_text" ? [part.text] : [])).join("\n"),
  });
}

function checked({
  images,
  ...request
}: Omit<VisionRequest, "image"> & { readonly images: readonly string[] }): VisionRequest {
  const [image] = images;
  if (image === undefined || images.length > 1) {
    throw new VisionRequestError(
      400,
      `The local model describes one image per request, not ${images.length}.`,
    );
  }
  if (request.model !== modelName) {
    throw new VisionRequestError(404, `model: ${request.model}. This server has ${modelName}.`);
  }
  const bytes = Buffer.from(image, "base64");
  if (bytes.length > maxImageBytes) {
    throw new VisionRequestError(
      400,
      `image exceeds 5 MB maximum: ${bytes.length} bytes > ${maxImageBytes} bytes`,
    );
  }
  return { ...request, image: bytes };
}

function parsed<Schema extends z.ZodType>(schema: Schema, body: string): z.infer<Schema> {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw new VisionRequestError(400, "The request body is not valid JSON.");
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  throw new VisionRequestError(400, z.prettifyError(result.error));
}
