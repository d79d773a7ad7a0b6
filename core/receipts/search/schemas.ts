const strings = { type: "array", items: { type: "string" } };

/** JSON schemas of the receipt-specific parts of requests and responses. */
export const schemas = {
  about: "the rows and words of receipts",
  hits: "rows or words",
  examples: {
    metadata: "position, merchant, labels",
    matched: "`kind total` and `date 2018-03-31`",
  },
  alwaysInPlace: ["image_id", "receipt_id", "line_id"] as const,
  place: {
    image_id: { type: "string" },
    receipt_id: { type: "integer" },
    line_id: { type: "integer" },
    word_id: { type: "integer", description: "Of words." },
  },
  shown: {
    merchant: { type: "string", description: "The known merchant, else what the receipt prints first." },
    date: { type: "string", format: "date", description: "The first date that the receipt prints." },
  },
  understood: { kinds: strings, dates: strings, amounts: strings, merchant: { type: "string" } },
  evidence: {
    labels: {
      type: "object",
      description: "By label, on how many of the hits it is VALID and INVALID.",
      additionalProperties: {
        type: "object",
        required: ["valid", "invalid"],
        properties: { valid: { type: "integer" }, invalid: { type: "integer" } },
      },
    },
  },
};
