import type * as z from "zod";
import type { Collection } from "../../contract/collections.ts";

/** Metadata keys that change after embedding. A key that is absent here must be absent from the vector. */
export type KnownMetadata = Readonly<Record<string, string | boolean>>;

/** The type of a metadata key, the same for every writer. */
export type MetadataType = "str" | "int" | "float" | "bool";

/** A part of a document in the key of its item, or the whole document. */
export type Removed<Part extends string> = Part | "DOCUMENT";

/** What a change message says. */
export interface DocumentChange<Document, Part extends string> {
  readonly document: Document;
  /** The run that it announces, with the prefix of its delta in the message's collection. */
  readonly run?: { readonly runId: string; readonly deltaPrefix: string };
  /** What it removes. `at` is epoch milliseconds, no earlier than the removal. */
  readonly removed?: { readonly part: Removed<Part>; readonly at: number };
  /** The document has to be published again, whatever seems to be published. */
  readonly isLookAgain: boolean;
  /** The span that caused it. */
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

/** A run to be announced to one collection. */
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
 * All that the engine (runs, deltas, collections, search, verify, sweep, failed) knows of the documents in its
 * collections: how one is named and stored, which parts can be removed, and what its vectors show beside their content.
 *
 * Document names one document: it is embedded, replaced and removed as a whole. Part names a part of it that can be
 * removed. Facts are what current items say about it. The engine passes these on and never looks inside.
 */
export interface DocumentModel<
  Document extends object,
  Part extends string,
  Facts extends object,
  Stored extends object,
> {
  /** What users call a document, for log messages and errors. */
  readonly noun: string;
  /** What they call that by which documents are in shards. */
  readonly shardNoun: string;

  /** The ids of a document as items, deltas, manifests and log lines have them. */
  readonly storedShape: { readonly [Name in keyof Stored]: z.ZodType<Stored[Name]> };
  toStored(document: Document): Stored;
  ofStored(stored: Stored): Document;
  /** The ids alone of what names a document among other things. */
  refOf(named: Document): Document;
  /** The ids that an untrusted object names; undefined if it names no document. */
  namedIn(value: unknown): Document | undefined;

  /** The text that names a document: its message group, and the prefix of its vector ids. */
  keyOf(document: Document): string;
  ofKey(key: string): Document | undefined;
  /** The key of the document that a vector belongs to. */
  keyOfVector(vectorId: string): string;
  /** Documents with the same shard key are in the same shard. */
  shardKeyOf(document: Document): string;
  /** The metadata term that the document's vectors have in common with few others. */
  filterOf(document: Document): { readonly key: string; readonly value: string };

  /** Partition key of its control items. */
  controlKeyOf(document: Document): string;
  ofControlKey(partitionKey: string): Document | undefined;
  /** Key of its item in the source table; keys of its parts and runs extend the sort key. */
  itemKeyOf(document: Document): { readonly PK: string; readonly SK: string };
  /** Its folder among the objects of a collection; undefined if its ids are unsafe in a key. */
  folderOf(document: Document): string | undefined;
  ofFolder(folder: string): Document | undefined;

  readonly part: z.ZodType<Part>;
  /** The parts that a vector belongs to. It is gone with any of them. */
  partsOfVector(vectorId: string): readonly Part[];
  /** Whether a collection has vectors of such parts. */
  isPartIn(collection: Collection, part: Part): boolean;

  /** What a vector shows: a function of the facts alone, independent of the order of changes (F9). */
  metadataOf(facts: Facts, collection: Collection, vectorId: string): KnownMetadata;
  /** Whether facts, not embedding, determine a metadata key. */
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
  /** Makes a collection reconcile a document with its items. `time` (ISO) distinguishes calls. */
  lookAgainMessage(
    document: Document,
    collection: Collection,
    time: string,
    awsRegion: string,
  ): CollectionMessage;
  /** Reads the body of a message, or says what is wrong with it. */
  readMessage(body: string): DocumentChange<Document, Part> | string;
}

/** Reads what current items say. */
export interface FactsReader<Document, Part extends string, Facts> {
  factsOf(document: Document, collection: Collection): Promise<Facts>;
  /** Those of the parts whose items exist. */
  existing(document: Document, parts: readonly Removed<Part>[]): Promise<ReadonlySet<Removed<Part>>>;
}
