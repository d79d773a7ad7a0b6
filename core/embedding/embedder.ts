/** A serialized vector: `dimensions` little-endian float32 values, so `4 * dimensions` bytes. */
export type VectorBytes = Uint8Array;

/** The use of an embedding. Some models embed queries differently from stored documents; others ignore this. */
export type Purpose = "document" | "query";

/** Embeds texts. The result has one vector per text, in order. */
export interface Embedder {
  /** The provider's name of the model, for example `text-embedding-3-small`. */
  readonly model: string;
  readonly dimensions: number;
  /** Throws a VectorkeepError if any text could not be embedded; never returns fewer vectors than texts. */
  embed(texts: readonly string[], purpose?: Purpose): Promise<VectorBytes[]>;
}
