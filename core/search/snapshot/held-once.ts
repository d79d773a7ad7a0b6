import type { VectorMetadata } from "../../deltas/delta.ts";
import { documentSearch, type RowTraits } from "../../documents/document-search.ts";

/** Holds equal strings and equal traits of rows once: ids, names and prices are the same for many vectors. */
export class HeldOnce {
  readonly #strings = new Map<string, string>();
  readonly #traits = new Map<string, RowTraits>();

  /** Equal to the metadata given. A copy of its shape: an object that grows key by key takes half as much again. */
  metadata(given: VectorMetadata): VectorMetadata {
    const held = { ...given };
    for (const [key, value] of Object.entries(given))
      if (typeof value === "string") held[key] = this.string(value);
    return held;
  }

  string(text: string): string {
    const held = this.#strings.get(text);
    if (held !== undefined) return held;
    this.#strings.set(text, text);
    return text;
  }

  traits(given: RowTraits): RowTraits {
    const key = documentSearch.valuesOf(given).join("\n");
    const held = this.#traits.get(key);
    if (held !== undefined) return held;
    this.#traits.set(key, given);
    return given;
  }
}
