import * as z from "zod";
import type { Embedder } from "../../embedding/embedder.ts";
import { textFormat } from "../records/text-format.ts";

/** What made the vectors of a namespace. Vectors that differ in any of it cannot be compared. */
export const namespaceModel = z.object({
  model: z.string(),
  dimensions: z.number(),
  text_format: z.string(),
});

export type ModelSpace = Pick<Embedder, "model" | "dimensions">;

export type NamespaceModel = z.infer<typeof namespaceModel>;

export function namespaceModelOf({ model, dimensions }: ModelSpace): NamespaceModel {
  return { model, dimensions, text_format: textFormat };
}

export function isSameModel(one: NamespaceModel, other: NamespaceModel): boolean {
  return (
    one.model === other.model && one.dimensions === other.dimensions && one.text_format === other.text_format
  );
}
