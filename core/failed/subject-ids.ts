import * as z from "zod";
import { documentModel } from "../documents/documents.ts";
import type { SubjectIds } from "./failed-source.ts";

const shape = Object.entries<z.ZodType>(documentModel.storedShape);
const someIds = z.object(Object.fromEntries(shape.map(([name, id]) => [name, id.nullable().catch(null)])));

/** The ids that a value names; each is null if it is missing or invalid. */
export function idsIn(value: unknown): SubjectIds {
  const { data } = someIds.safeParse(value);
  return (data ?? someIds.parse({})) as SubjectIds;
}

export const unknownIds = idsIn({});
