import type { BenchRecord } from "../records.ts";

/** What a contender is given: the same for all of them. */
export interface Assignment {
  /** OpenAI-compatible, ends in `/v1`. */
  readonly embeddingsUrl: string;
  readonly model: string;
  readonly dimensions: number;
  /** A Chroma server, or a server with its API. */
  readonly sinkUrl: string;
  /** Exists already, empty, with the index settings that all share. */
  readonly collection: string;
  /** Empty, for the contender alone. */
  readonly folder: string;
}

/** One way to embed records and store them. */
export interface Contender {
  /** Makes clients and connections; what it returns is what is measured. */
  prepare(assignment: Assignment, records: readonly BenchRecord[]): Promise<() => Promise<void>>;
}
