import { hash } from "node:crypto";

/** What the vector of a text depends on besides the text. Vectors of different spaces never mix. */
export interface CacheSpace {
  /** Host of the provider's API: two servers may use one name for two models. */
  readonly provider: string;
  readonly model: string;
  readonly dimensions: number;
  /** Version of the rules that make the embedded text of a source. */
  readonly textFormat: string;
}

/** Prefix of the objects of a space. */
export function prefixOf(space: CacheSpace): string {
  const slug = space.model.replace(/[^A-Za-z0-9.]+/g, "-").slice(0, 50);
  return `vectors/${slug}-${space.dimensions}-${hash("sha256", canonical(space), "hex").slice(0, 16)}/`;
}

/** The key of a text in its space: SHA-256 of both. */
export function digestOf(text: string, space: CacheSpace): Buffer {
  return hash("sha256", `${canonical(space)}\n${text}`, "buffer");
}

function canonical({ provider, model, dimensions, textFormat }: CacheSpace): string {
  return JSON.stringify([provider, model, dimensions, textFormat]);
}
