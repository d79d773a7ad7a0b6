import { createHash } from "node:crypto";
import { decode, encode } from "gpt-tokenizer/encoding/o200k_base";
import type { Model } from "../../embeddings/cached-model.ts";
import type { Fault } from "../faults.ts";
import type { VisionAnswer } from "./answer.ts";
import { type Description, ImageDescriber } from "./describe-image.ts";
import { fitSchema } from "./fit-schema.ts";
import { TextReader } from "./read-text.ts";
import { modelName, type VisionRequest, VisionRequestError } from "./request.ts";

/** The usage since the start, which a provider would bill. */
export interface VisionUsage {
  requests: number;
  inputTokens: number;
  outputTokens: number;
  /** Answered requests by the SHA-256 of their image. */
  readonly byImage: Record<string, number>;
}

/** Anthropic's own rule. */
const pixelsPerToken = 750;

/** The local stand-in for a vision model. It reads text, and says so by its name. */
export class VisionModel {
  readonly usage: VisionUsage = { requests: 0, inputTokens: 0, outputTokens: 0, byImage: {} };
  /** Whether answers are derived from the bytes of the request without reading the image, for benchmarks. */
  instant = false;
  readonly #reader = new TextReader();
  readonly #describer: ImageDescriber;

  constructor(model: Model) {
    this.#describer = new ImageDescriber(this.#reader, model);
  }

  /** Throws VisionRequestError for an image that it cannot decode. */
  async answer(request: VisionRequest, fault?: Fault): Promise<VisionAnswer> {
    const digest = createHash("sha256").update(request.image).digest("hex");
    const described = this.instant ? instantDescription(digest) : await this.#describe(request.image);
    const tokens = encode(answerText(described, request, fault));
    const refused = fault?.kind === "refusal";
    const limit = fault?.kind === "cut" ? Math.floor(tokens.length / 2) : request.maxOutputTokens;
    const cut = !refused && tokens.length > limit;
    const answer: VisionAnswer = {
      text: decode(cut ? tokens.slice(0, limit) : tokens),
      ended: refused ? "refused" : cut ? "cut" : "complete",
      inputTokens:
        Math.ceil((described.width * described.height) / pixelsPerToken) + encode(request.prompt).length,
      outputTokens: Math.min(tokens.length, limit),
    };
    this.usage.requests += 1;
    this.usage.inputTokens += answer.inputTokens;
    this.usage.outputTokens += answer.outputTokens;
    this.usage.byImage[digest] = (this.usage.byImage[digest] ?? 0) + 1;
    return answer;
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  async #describe(image: Buffer): Promise<Description> {
    try {
      return await this.#describer.describe(image);
    } catch (error) {
      throw new VisionRequestError(400, `Could not process image: ${error}`);
    }
  }
}

function answerText(described: Description, { schema }: VisionRequest, fault: Fault | undefined): string {
  if (fault?.kind === "refusal") return fault.explanation;
  if (fault?.kind === "text") return fault.text;
  const analysis = analysisOf(described);
  return JSON.stringify(schema === undefined ? analysis : fitSchema(analysis, schema));
}

/** The analysis under the names that the prompt uses. */
function analysisOf({
  category,
  headline,
  summary,
  lines,
  hierarchy,
  vibes,
  hashtags,
  accounts,
}: Description): object {
  return {
    category,
    subcategories: [],
    headline,
    summary,
    image_details: {
      extracted_text: lines,
      objects: [],
      themes: [],
      emotions: [],
      vibes,
      visual_hierarchy: hierarchy,
      key_interest: headline || null,
      likely_source: modelName,
    },
    media_metadata: {
      original_poster: null,
      tagged_accounts: accounts,
      location_tags: [],
      audio_source: null,
      hashtags,
    },
  };
}

function instantDescription(digest: string): Description {
  const name = digest.slice(0, 8);
  return {
    category: "picture",
    headline: name,
    summary: `The picture ${name}.`,
    lines: [name],
    hierarchy: [name],
    vibes: [],
    hashtags: [],
    accounts: [],
    width: 0,
    height: 0,
  };
}
