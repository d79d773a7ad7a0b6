import type { VectorMetadata } from "../../deltas/delta.ts";
import { documentSearch, type RowTraits } from "../../documents/document-search.ts";

/** Interns strings and row traits, because many vectors share ids, names and prices. */
export class HeldOnce {
  readonly #strings = new Map<string, string>();
  readonly #traits = new Map<string, RowTraits>();

  /**
   * Returns equal metadata with interned strings. It copies the object's shape, because an object that grows key by key
   * takes half as much memory again.
   */
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
