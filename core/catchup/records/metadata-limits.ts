/** What a sink holds beside the numbers of one vector. */
export interface MetadataLimits {
  /** Bytes of metadata as JSON, the text included. */
  readonly metadataBytes: number;
  /** Of these, bytes that searches may filter by: all but the text and the content hash. */
  readonly filterableBytes: number;
  readonly metadataKeys: number;
}

/** Metadata that no search filters by, because they are the text itself or a hash. */
export const unfilterableKeys = ["text", "content_hash"] as const;
