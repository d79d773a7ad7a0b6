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
 * Embeds texts that fit in one request, and finds out which of them the provider refuses: such a request is bisected
 * until they stand alone. First it sends a text that nobody can find fault with: where that is refused too, the texts are
 * not to blame, and two requests have told it. Throws EmbeddingNotAllowedError then, and whatever else fails.
 */
export async function embedEach(
  texts: readonly string[],
  embedder: Embedder,
  size: RequestSize,
): Promise<EmbeddedText[]> {
  const embedded: EmbeddedText[] = [];
  while (embedded.length < texts.length) {
    const some = texts.slice(embedded.length, embedded.length + size.inputs);
    const answer = await attempt(some, embedder);
    if (!(answer instanceof EmbeddingRefusedError)) {
      embedded.push(...answer);
      continue;
    }
    await requireTextsToBlame(answer, embedder);
    embedded.push(...(await bisect(some, answer, embedder, size)));
  }
  return embedded;
}

async function bisect(
  texts: readonly string[],
  refusal: EmbeddingRefusedError,
  embedder: Embedder,
  size: RequestSize,
): Promise<EmbeddedText[]> {
  if (texts.length === 1) return [{ refusal }];
  const middle = Math.ceil(texts.length / 2);
  const halves: EmbeddedText[] = [];
  for (const half of [texts.slice(0, middle), texts.slice(middle)]) {
    const answer = await attempt(half, embedder);
    const settled =
      answer instanceof EmbeddingRefusedError ? await bisect(half, answer, embedder, size) : answer;
    halves.push(...settled);
  }
  if (halves.every(({ refusal: own }) => !(own instanceof EmbeddingRefusedError))) size.isBelow(texts.length);
  return halves;
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
