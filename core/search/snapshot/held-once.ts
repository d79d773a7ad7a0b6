import type { VectorMetadata } from "../../deltas/delta.ts";

/** Holds equal strings of metadata once: ids and names are the same for many vectors. */
export class HeldOnce {
  readonly #strings = new Map<string, string>();

  /** Equal to the metadata given. */
  metadata(given: VectorMetadata): VectorMetadata {
    return Object.fromEntries(
      Object.entries(given).map(([key, value]) => [
        key,
        typeof value === "string" ? this.#held(value) : value,
      ]),
    );
  }

  #held(text: string): string {
    const held = this.#strings.get(text);
    if (held !== undefined) return held;
    this.#strings.set(text, text);
    return text;
  }
}
