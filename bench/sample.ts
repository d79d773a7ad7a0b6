import type { VectorStore } from "../core/collections/chroma/vector-store.ts";
import { embeddingsOf } from "./embeddings.ts";
import type { BenchRecord } from "./records.ts";
import { StoredWronglyError } from "./stored-wrongly-error.ts";

const sampled = 40;

/**
 * Compares some stored vectors with what the endpoint answers for their texts, number by number, and their documents
 * and metadata with what was given. A contender may add metadata of its own. Throws StoredWronglyError.
 */
export async function checkSample(
  store: VectorStore,
  records: readonly BenchRecord[],
  embeddingsUrl: string,
): Promise<void> {
  const step = Math.ceil(records.length / sampled);
  const sample = records.filter((_, position) => position % step === 0);
  const expected = await embeddingsOf(
    embeddingsUrl,
    sample.map(({ text }) => text),
  );
  const stored = new Map((await store.read(sample.map(({ id }) => id))).map((vector) => [vector.id, vector]));
  sample.forEach(({ id, text, metadata }, position) => {
    const found = stored.get(id);
    if (!found) throw new StoredWronglyError(`${id} is missing`);
    if (found.document !== text) throw new StoredWronglyError(`${id} has the document ${found.document}`);
    for (const [key, value] of Object.entries(metadata)) {
      if (found.metadata[key] !== value)
        throw new StoredWronglyError(`${id} has ${key} ${found.metadata[key]}`);
    }
    const vector = expected[position] ?? new Float32Array();
    if (!isSame(vector, found.vector)) throw new StoredWronglyError(`${id} has another vector`);
  });
}

/** Chroma scales vectors to length 1 for the cosine, which moves their last bit. */
function isSame(given: Float32Array, stored: Float32Array): boolean {
  return (
    given.length === stored.length && given.every((value, at) => Math.abs(value - (stored[at] ?? 0)) < 1e-7)
  );
}
