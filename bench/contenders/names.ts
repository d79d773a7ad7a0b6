/** In the order of the report; a round begins one later than the round before. */
export const contenderNames = ["bare", "langchain", "mastra", "product"] as const;
export type ContenderName = (typeof contenderNames)[number];

export const peers: readonly ContenderName[] = ["langchain", "mastra"];
