import type * as z from "zod";
import type { Collection } from "../../contract/collections.ts";

/** Metadata keys whose values change after embedding. A key that is absent here must be absent from the vector. */
export type KnownMetadata = Readonly<Record<string, string | boolean>>;

/** The type of a metadata key, the same for every writer. */
export type MetadataType = "str" | "int" | "float" | "bool";

/** A part of a document in the key of its item, or the whole document. */
export type Removed<Part extends string> = Part | "DOCUMENT";

/** The content of a change message. */
export interface DocumentChange<Document, Part extends string> {
  readonly document: Document;
  /** The announced run, with the prefix of its delta in the message's collection. */
  readonly run?: { readonly runId: string; readonly deltaPrefix: string };
  /** The removed part. `at` is epoch milliseconds, not earlier than the removal. */
  readonly removed?: { readonly part: Removed<Part>; readonly at: number };
  /** Whether the document must be published again, even if it seems to be up to date. */
  readonly isLookAgain: boolean;
  /** The span that caused the change. */
  readonly traceparent: string | undefined;
}

/** A message for the FIFO queue of its document's shard of one collection. */
export interface CollectionMessage {
  /** The shard key of its document. */
  readonly shardKey: string;
  readonly body: string;
  readonly messageAttributes: Readonly<Record<string, { DataType: "String"; StringValue: string }>>;
  readonly groupId: string;
  readonly deduplicationId: string;
}

/** A run to announce to one collection. */
export interface RunAnnouncement<Document> {
  readonly run: Document & { readonly runId: string };
  readonly collection: Collection;
  readonly deltaPrefix: string;
  readonly deduplicationId: string;
  /** ISO. */
  readonly timestamp: string;
  readonly awsRegion: string;
  readonly traceparent?: string | undefined;
}

/**
 * The interface between the engine (runs, deltas, collections, search, verify, sweep, failed) and the documents in its
 * collections: how a document is named and stored, which parts can be removed, and which metadata its vectors have in
 * addition to their content. Document identifies one document, which is embedded, replaced and removed as a whole. Part
 * identifies a part of it that can be removed. Facts are the data in its current items. The engine passes these types
 * on and never reads them.
 */
export interface DocumentModel<
  Document extends object,
  Part extends string,
  Facts extends object,
  Stored extends object,
> {
  /** The users' word for a document, in log messages and errors. */
  readonly noun: string;
  /** The users' word for the group of documents that share a shard key. */
  readonly shardNoun: string;

  /** The ids of a document in the format of items, deltas, manifests and log lines. */
  readonly storedShape: { readonly [Name in keyof Stored]: z.ZodType<Stored[Name]> };
  toStored(document: Document): Stored;
  ofStored(stored: Stored): Document;
  /** Returns only the ids of an object that identifies a document and has other fields. */
  refOf(named: Document): Document;
  /** Returns the ids in an untrusted object; undefined if it identifies no document. */
  namedIn(value: unknown): Document | undefined;

  /** Returns the key of a document: its message group, and the prefix of its vector ids. */
  keyOf(document: Document): string;
  ofKey(key: string): Document | undefined;
  /** Returns the key of the document that a vector belongs to. */
  keyOfVector(vectorId: string): string;
  /** Documents with the same shard key are in the same shard. */
  shardKeyOf(document: Document): string;
  /** Returns the metadata term that the vectors of a document share with few others. */
  filterOf(document: Document): { readonly key: string; readonly value: string };

  /** Returns the partition key of a document's control items. */
  controlKeyOf(document: Document): string;
  ofControlKey(partitionKey: string): Document | undefined;
  /** Returns the key of a document's item in the source table; the keys of its parts and runs extend the sort key. */
  itemKeyOf(document: Document): { readonly PK: string; readonly SK: string };
  /** Returns the folder of a document among the objects of a collection; undefined if its ids are unsafe in a key. */
  folderOf(document: Document): string | undefined;
  ofFolder(folder: string): Document | undefined;

  readonly part: z.ZodType<Part>;
  /** Returns the parts that a vector belongs to. The removal of any of them removes the vector. */
  partsOfVector(vectorId: string): readonly Part[];
  /** Whether a collection has vectors of this kind of part. */
  isPartIn(collection: Collection, part: Part): boolean;

  /** Returns the metadata of a vector: a function of the facts alone, independent of the order of changes (F9). */
  metadataOf(facts: Facts, collection: Collection, vectorId: string): KnownMetadata;
  /** Whether facts rather than embedding determine a metadata key. */
  isFactKey(key: string): boolean;
  /** Undefined for an unknown key. */
  metadataType(key: string): MetadataType | undefined;
  readonly factsShape: z.ZodRawShape;
  factsToStored(document: Document, facts: Facts): Readonly<Record<string, unknown>>;
  /** `stored` matches `factsShape`. */
  factsOfStored(document: Document, stored: Readonly<Record<string, unknown>>): Facts;
  /** Equal as JSON for equal facts. */
  canonicalFacts(facts: Facts): readonly unknown[];

  runMessage(announced: RunAnnouncement<Document>): CollectionMessage;
  /**
   * Returns a message that makes a collection reconcile a document with its items. `time` (ISO) distinguishes calls.
   */
  lookAgainMessage(
    document: Document,
    collection: Collection,
    time: string,
    awsRegion: string,
  ): CollectionMessage;
  /** Parses the body of a message; returns the problem if it is invalid. */
  readMessage(body: string): DocumentChange<Document, Part> | string;
}

/** Reads the facts from current items. */
export interface FactsReader<Document, Part extends string, Facts> {
  factsOf(document: Document, collection: Collection): Promise<Facts>;
  /** Returns those of the parts whose items exist. */
  existing(document: Document, parts: readonly Removed<Part>[]): Promise<ReadonlySet<Removed<Part>>>;
}
