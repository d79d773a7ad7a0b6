import { requestLimits } from "../../embedding/limits.ts";

/** Of a unit: the requests that one batch of OpenAI pays for. */
export const batchLimits = {
  /** 24 full requests; OpenAI takes 50,000 inputs per batch. */
  inputs: 24 * requestLimits.inputs,
  /** Of the file of requests; OpenAI takes 200 MB. */
  fileBytes: 190_000_000,
  /** Of the rows in the source, so that their texts fit into the file with their JSON. */
  sourceBytes: 64 * 1024 * 1024,
} as const;

/** OpenAI's price of a text in a batch, as a part of the usual one. */
export const batchPriceRatio = 0.5;

/** Within this time after its creation OpenAI ends a batch. */
export const batchWindowSeconds = 86_400;
