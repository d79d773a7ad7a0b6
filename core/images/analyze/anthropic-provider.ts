import Anthropic from "@anthropic-ai/sdk";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { fetchWhole } from "../../embedding/read-answer.ts";
import { askedAnalysis } from "./analysis.ts";
import type { ProviderOptions, VisionAnswer, VisionProvider, VisionRequest } from "./vision-provider.ts";

const format = zodOutputFormat(askedAnalysis);

/** Anthropic's Messages API. `messages.parse` would lose the usage of answers that it cannot parse. */
export class AnthropicProvider implements VisionProvider {
  readonly name = "anthropic";
  readonly model: string;
  readonly #client: Anthropic;

  constructor({ apiKey, baseUrl, model }: ProviderOptions) {
    this.model = model;
    this.#client = new Anthropic({ apiKey, baseURL: baseUrl, maxRetries: 0, fetch: fetchWhole });
  }

  async ask({ jpeg, prompt, maxOutputTokens, timeoutMs }: VisionRequest): Promise<VisionAnswer> {
    const data = Buffer.from(jpeg).toString("base64");
    const message = await this.#client.messages.create(
      {
        model: this.model,
        max_tokens: maxOutputTokens,
        messages: [
          {
            role: "user",
            content: [
              { type: "image", source: { type: "base64", media_type: "image/jpeg", data } },
              { type: "text", text: prompt },
            ],
          },
        ],
        output_config: { format },
      },
      { timeout: timeoutMs },
    );
    const { content, stop_reason, stop_details, usage } = message;
    const text = content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("");
    const isCut = stop_reason === "max_tokens" || stop_reason === "model_context_window_exceeded";
    return {
      text,
      ended: stop_reason === "refusal" ? "refused" : isCut ? "cut" : "complete",
      refusal: stop_details?.explanation ?? stop_details?.category ?? (text || undefined),
      model: message.model,
      requestId: message._request_id ?? message.id,
      responseId: message.id,
      usage: {
        inputTokens:
          usage.input_tokens +
          (usage.cache_creation_input_tokens ?? 0) +
          (usage.cache_read_input_tokens ?? 0),
        outputTokens: usage.output_tokens,
      },
    };
  }
}
