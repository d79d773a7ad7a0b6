import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { fetchWhole } from "../../embedding/read-answer.ts";
import { askedAnalysis } from "./analysis.ts";
import type { ProviderOptions, VisionAnswer, VisionProvider, VisionRequest } from "./vision-provider.ts";

const format = zodTextFormat(askedAnalysis, "analysis");

/** OpenAI's Responses API. Requests disable the storage of images at the provider. */
export class OpenAiProvider implements VisionProvider {
  readonly name = "openai";
  readonly model: string;
  readonly #client: OpenAI;

  constructor({ apiKey, baseUrl, model }: ProviderOptions) {
    this.model = model;
    this.#client = new OpenAI({ apiKey, baseURL: baseUrl, maxRetries: 0, fetch: fetchWhole });
  }

  async ask({ jpeg, prompt, maxOutputTokens, timeoutMs }: VisionRequest): Promise<VisionAnswer> {
    const image_url = `data:image/jpeg;base64,${Buffer.from(jpeg).toString("base64")}`;
    const response = await this.#client.responses.create(
      {
        model: this.model,
        max_output_tokens: maxOutputTokens,
        input: [
          {
            role: "user",
            content: [
              { type: "input_image", image_url, detail: "auto" },
              { type: "input_text", text: prompt },
            ],
          },
        ],
        text: { format },
        store: false,
      },
      { timeout: timeoutMs },
    );
    const parts = response.output.flatMap((item) => (item.type === "message" ? item.content : []));
    const refusal = parts.find((part) => part.type === "refusal")?.refusal;
    const why = response.incomplete_details?.reason;
    const isRefused = refusal !== undefined || why === "content_filter";
    return {
      text: parts.flatMap((part) => (part.type === "output_text" ? [part.text] : [])).join(""),
      ended: isRefused ? "refused" : response.status === "incomplete" ? "cut" : "complete",
      refusal: refusal ?? why,
      model: response.model,
      requestId: response._request_id ?? response.id,
      responseId: response.id,
      usage: {
        inputTokens: response.usage?.input_tokens ?? 0,
        outputTokens: response.usage?.output_tokens ?? 0,
      },
    };
  }
}
