/** One vector as it travels: `dimensions` little-endian float32 values, so `4 * dimensions` bytes. */
export type VectorBytes = Uint8Array;

/** Turns texts into vectors. The answer has one vector a text, in the order of the texts. */
export interface Embedder {
  /** The provider's name of the model, for example `text-embedding-3-small`. */
  readonly model: string;
  readonly dimensions: number;
  /** Throws a named VectorkeepError when any text could not be embedded; never returns fewer vectors than texts. */
  embed(texts: readonly string[]): Promise<VectorBytes[]>;
}
