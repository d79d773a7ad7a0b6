/** Where catch-up writes its vectors, as `catchup:sink` names it. */
export const sinks = ["pinecone", "s3vectors", "chroma"] as const;

export type Sink = (typeof sinks)[number];
