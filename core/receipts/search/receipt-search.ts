import * as z from "zod";
import type { Collection } from "../../../contract/collections.ts";
import { collectionOfVector, vectorIdPattern } from "../vector-ids.ts";
import { boostOf, matchedBy } from "./boosts.ts";
import { placeOf, shownOf } from "./hit-fields.ts";
import { evidenceOf, isOfWords } from "./labels.ts";
import { headOf } from "./receipt-head.ts";
import { rowFields, terms } from "./request-fields.ts";
import { traitsOf, valuesOf } from "./row-traits.ts";
import { rowsOfVectors } from "./rows-of-vectors.ts";
import { schemas } from "./schemas.ts";
import { type ReceiptQuestion, understand, understoodIn } from "./understand.ts";

export type { ReceiptPlace, ReceiptShown } from "./hit-fields.ts";
export type { LabelEvidence } from "./labels.ts";
export type { ReceiptHead } from "./receipt-head.ts";
export type { ReceiptTerm } from "./request-fields.ts";
export type { ReceiptTraits } from "./row-traits.ts";
export type { ReceiptQuestion, ReceiptUnderstood } from "./understand.ts";

/** Implements search for receipts: rows, the values in rows and questions, and the receipt that a question names. */
export const receiptSearch = {
  rowsOf: rowsOfVectors,
  traitsOf,
  valuesOf,
  headOf,
  understand,
  valuesAsked: ({ kinds, days, amounts }: ReceiptQuestion) => [...kinds, ...days, ...amounts],
  boostOf,
  matchedBy,
  understoodIn,
  terms,
  rowFields,
  isKeyIn: (collection: Collection, key: string) => collection === "words" || !isOfWords(key),
  vectorId: z.string().regex(vectorIdPattern, "is not an id of a vector"),
  collectionOfVector,
  placeOf,
  shownOf,
  evidenceOf,
  schemas,
};
