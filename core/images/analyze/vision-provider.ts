/** One request to a vision model. */
export interface VisionRequest {
  readonly jpeg: Uint8Array;
  readonly prompt: string;
  readonly maxOutputTokens: number;
  readonly timeoutMs: number;
}

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface VisionAnswer {
  readonly text: string;
  /** Why the model stopped. A refusal has its reason; a cut answer reached the maximum number of tokens. */
  readonly ended: "complete" | "cut" | "refused";
  readonly refusal: string | undefined;
  /** The provider's name of the model that answered. */
  readonly model: string;
  readonly requestId: string | undefined;
  readonly responseId: string;
  readonly usage: Usage;
}

export type ProviderName = "anthropic" | "openai";

/** A vision model behind its official client, without retries of its own. Throws the client's errors. */
export interface VisionProvider {
  readonly name: ProviderName;
  readonly model: string;
  ask(request: VisionRequest): Promise<VisionAnswer>;
}

export interface ProviderOptions {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly model: string;
}
