import type { Purpose } from "./embedder.ts";
import { OpenAiEmbedder } from "./openai-embedder.ts";

/**
 * Embeds with Voyage's API, which has OpenAI's responses, errors and encoding but other names in the request. Its
 * models embed queries differently from documents. A text that is too long is refused, not truncated silently.
 */
export class VoyageEmbedder extends OpenAiEmbedder {
  protected override readonly provider = "voyageai";

  protected override body(input: readonly string[], purpose: Purpose): object {
    return {
      model: this.model,
      input,
      input_type: purpose,
      output_dimension: this.dimensions,
      truncation: false,
      encoding_format: "base64",
    };
  }
}
