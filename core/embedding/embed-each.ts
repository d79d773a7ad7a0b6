import { bisect } from "../resilience/bisect.ts";
import type { InputError } from "../vectorkeep-error.ts";
import type { Embedder, VectorBytes } from "./embedder.ts";
import {
  EmbeddingNotAllowedError,
  EmbeddingRefusedError,
  VectorsUnusableError,
  VectorUnusableError,
} from "./embedding-errors.ts";
import { requestLimits } from "./limits.ts";

/** The result of one text: its vector, or why it has none. */
export type EmbeddedText =
  | { readonly vector: VectorBytes; readonly refusal?: never }
  | { readonly vector?: never; readonly refusal: InputError };

/** A text that no provider should refuse. */
const innocentText = "receipt";

/** Maximum number of texts per request. It shrinks when the provider turns out to accept fewer. */
export class RequestSize {
  #inputs: number;

  constructor(inputs: number = requestLimits.inputs) {
    this.#inputs = inputs;
  }

  get inputs(): number {
    return this.#inputs;
  }

  /** The provider refused this many texts together, but none of them alone. */
  isBelow(refused: number): void {
    this.#inputs = Math.max(1, Math.min(this.#inputs, Math.ceil(refused / 2)));
  }
}

/**
 * Embeds the texts of one request. If the provider refuses it, a harmless probe text is sent first: if that is refused
 * too, the texts are not the cause, and EmbeddingNotAllowedError is thrown. Otherwise the request is bisected to find
 * the refused texts. Other errors are thrown as they are.
 */
export async function embedEach(
  texts: readonly string[],
  embedder: Embedder,
  size: RequestSize,
): Promise<EmbeddedText[]> {
  const embedded = new Array<EmbeddedText>(texts.length);
  const attempt = (positions: readonly number[]) => embedInto(embedded, positions, texts, embedder);
  for (let start = 0; start < texts.length; ) {
    const positions = texts.slice(start, start + size.inputs).map((_, index) => start + index);
    start += positions.length;
    const refusal = await attempt(positions);
    if (refusal === undefined) continue;
    await requireTextsToBlame(refusal, embedder);
    const refused = await bisect(positions, refusal, {
      attempt,
      onRefusedTogether: (count) => size.isBelow(count),
    });
    for (const [position, own] of refused) embedded[position] = { refusal: own };
  }
  return embedded;
}

/**
 * The reason why the texts at these positions were refused together; undefined if each has its result in `embedded`.
 */
async function embedInto(
  embedded: EmbeddedText[],
  positions: readonly number[],
  texts: readonly string[],
  embedder: Embedder,
): Promise<EmbeddingRefusedError | undefined> {
  const answer = await attempt(
    positions.map((position) => texts[position] ?? ""),
    embedder,
  );
  if (answer instanceof EmbeddingRefusedError) return answer;
  answer.forEach((result, index) => {
    embedded[positions[index] ?? 0] = result;
  });
  return undefined;
}

async function attempt(
  texts: readonly string[],
  embedder: Embedder,
): Promise<EmbeddedText[] | EmbeddingRefusedError> {
  try {
    return (await embedder.embed(texts)).map((vector) => ({ vector }));
  } catch (error) {
    if (error instanceof EmbeddingRefusedError) return error;
    if (!(error instanceof VectorsUnusableError)) throw error;
    return error.answers.map((answer) =>
      answer instanceof VectorUnusableError ? { refusal: answer } : { vector: answer },
    );
  }
}

async function requireTextsToBlame({ words }: EmbeddingRefusedError, embedder: Embedder): Promise<void> {
  const answer = await attempt([innocentText], embedder);
  if (answer instanceof EmbeddingRefusedError) {
    throw new EmbeddingNotAllowedError(embedder.model, `it refuses every text: ${words}`);
  }
}
