import * as z from "zod";
import { canBeLabel, labelKey } from "../vector-metadata.ts";
import type { ReceiptHead } from "./receipt-head.ts";
import type { ReceiptTraits } from "./row-traits.ts";

const name = z
  .string()
  .refine((text) => text.isWellFormed(), "has an unpaired surrogate")
  .min(1);

/** Request fields that are shorthand for a term on metadata. */
export const terms = {
  /** Matches either name of a merchant: the one on the receipt, or the canonical one. */
  merchant: {
    value: name,
    term: (equals: string) => ({ anyOf: ["merchant_name", "canonical_merchant_name"], equals }) as const,
  },
  /** A label that is VALID on the word. */
  label: {
    value: name.refine(canBeLabel, {
      error: ({ input }) => `a label cannot be named ${input}: label_${input} is another key of a word`,
    }),
    term: (label: string) => ({ anyOf: [labelKey(label)], equals: true }) as const,
  },
};

export type ReceiptTerm = keyof typeof terms;

interface Candidate {
  readonly metadata: Readonly<Record<string, string | number | boolean>>;
  readonly row: { readonly traits: ReceiptTraits };
  readonly head: ReceiptHead | undefined;
}

/** Fields of conditions that are read from a row instead of its metadata. */
export const rowFields = {
  /** Both known names; if neither is known, the first text that the receipt prints. */
  merchant: {
    type: "str",
    valuesOf: ({ metadata, head }: Candidate) => {
      const { canonical_merchant_name, merchant_name } = metadata;
      const known = [canonical_merchant_name, merchant_name].filter((each) => each !== undefined);
      return known.length > 0 || !head?.title ? known : [head.title];
    },
  },
  /** The days in the row; if there are none, the day of the receipt. */
  date: {
    type: "day",
    valuesOf: ({ row: { traits }, head }: Candidate) => {
      if (traits.days.length > 0) return traits.days;
      return head?.day === undefined ? [] : [head.day];
    },
  },
  /** The amounts in the row. */
  amount: {
    type: "float",
    valuesOf: ({ row: { traits } }: Candidate) => traits.amounts.map((hundredths) => hundredths / 100),
  },
} as const;
