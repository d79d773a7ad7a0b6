import { createHash } from "node:crypto";

/** What an answer depends on. `reanalysisId` asks for another answer to the same. */
export interface AskedInput {
  readonly contentSha256: string;
  readonly promptVersion: number;
  readonly provider: string;
  readonly model: string;
  readonly reanalysisId?: string | undefined;
}

/** Equal for equal content, prompt and model, so that one answer is paid for. */
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
