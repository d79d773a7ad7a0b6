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
  /**
   * Why the model stopped. `refused` has a reason in `refusal`; `cut` means that the answer reached the token limit.
   */
  readonly ended: "complete" | "cut" | "refused";
  readonly refusal: string | undefined;
  /** The model that answered, as the provider names it. */
  readonly model: string;
  readonly requestId: string | undefined;
  readonly responseId: string;
  readonly usage: Usage;
}

export type ProviderName = "anthropic" | "openai";

/** A vision model behind its official client, without additional retries. Throws the client's errors. */
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
