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

/** What became of one text: its vector, or why it has none. */
export type EmbeddedText =
  | { readonly vector: VectorBytes; readonly refusal?: never }
  | { readonly vector?: never; readonly refusal: InputError };

/** A text that no provider can find fault with. */
const innocentText = "receipt";

/** How many texts a request has at most. It shrinks once the provider shows that it takes fewer. */
export class RequestSize {
  #inputs: number;

  constructor(inputs: number = requestLimits.inputs) {
    this.#inputs = inputs;
  }

  get inputs(): number {
    return this.#inputs;
  }

  /** So many texts were refused together, and none of them alone. */
  isBelow(refused: number): void {
    this.#inputs = Math.max(1, Math.min(this.#inputs, Math.ceil(refused / 2)));
  }
}

/**
 * Embeds texts that fit in one request, and finds out which of them the provider refuses: a refused request is bisected
 * until they stand alone. Before that it sends a text that no provider refuses: where that one is refused too, the texts
 * are not to blame, which takes two requests to learn. Throws EmbeddingNotAllowedError then, and whatever else fails.
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

/** Why the texts at these positions are refused together; undefined where each has its result in `embedded`. */
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
