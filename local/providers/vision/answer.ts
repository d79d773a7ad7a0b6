import { randomBytes } from "node:crypto";
import { modelName } from "./request.ts";

/** The model's answer, independent of the wire format. */
export interface VisionAnswer {
  readonly text: string;
  readonly ended: "complete" | "cut" | "refused";
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Anthropic's message. */
export function renderMessage({ text, ended, inputTokens, outputTokens }: VisionAnswer): object {
  const refused = ended === "refused";
  return {
    id: `msg_${randomId()}`,
    type: "message",
    role: "assistant",
    model: modelName,
    content: refused ? [] : [{ type: "text", text, citations: null }],
    stop_reason: refused ? "refusal" : ended === "cut" ? "max_tokens" : "end_turn",
    stop_sequence: null,
    stop_details: refused ? { type: "refusal", category: null, explanation: text } : null,
    usage: {
      input_tokens: inputTokens,
      output_tokens: outputTokens,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
    },
  };
}

/** OpenAI's response. */
export function renderResponse({ text, ended, inputTokens, outputTokens }: VisionAnswer): object {
  const content =
    ended === "refused"
      ? { type: "refusal", refusal: text }
      : { type: "output_text", text, annotations: [], logprobs: [] };
  const status = ended === "cut" ? "incomplete" : "completed";
  return {
    id: `resp_${randomId()}`,
    object: "response",
    created_at: Math.floor(Date.now() / 1_000),
    status,
    error: null,
    incomplete_details: ended === "cut" ? { reason: "max_output_tokens" } : null,
    instructions: null,
    metadata: {},
    model: modelName,
    output: [{ type: "message", id: `msg_${randomId()}`, status, role: "assistant", content: [content] }],
    parallel_tool_calls: false,
    tool_choice: "none",
    tools: [],
    store: false,
    usage: {
      input_tokens: inputTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: outputTokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: inputTokens + outputTokens,
    },
  };
}

const errorTypes: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  529: "overloaded_error",
};

export function anthropicError(status: number, message: string): object {
  return {
    type: "error",
    error: { type: errorTypes[status] ?? "api_error", message },
    request_id: `req_${randomId()}`,
  };
}

export function openAiError(status: number, message: string): object {
  const type = status >= 500 ? "server_error" : (errorTypes[status] ?? "invalid_request_error");
  return { error: { message, type, param: null, code: status === 429 ? "rate_limit_exceeded" : null } };
}

export function randomId(): string {
  return randomBytes(12).toString("hex");
}
