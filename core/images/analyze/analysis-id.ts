import { createHash } from "node:crypto";

/** The input that determines an answer. A new `reanalysisId` requests another answer for the same content. */
export interface AskedInput {
  readonly contentSha256: string;
  readonly promptVersion: number;
  readonly provider: string;
  readonly model: string;
  readonly reanalysisId?: string | undefined;
}

/** Equal for the same content, prompt and model, so that each answer is paid for once. */
export function inputHashOf(input: AskedInput): string {
  return hashed([
    input.contentSha256,
    String(input.promptVersion),
    input.provider,
    input.model,
    input.reanalysisId ?? "",
  ]);
}

export function analysisIdOf(itemId: string, inputHash: string): string {
  return hashed([itemId, inputHash]);
}

function hashed(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
