import type * as z from "zod";
import type { Collection } from "../../contract/collections.ts";
import type { MetadataType } from "./document-model.ts";

export type Scalar = string | number | boolean;
type Metadata = Readonly<Record<string, Scalar>>;

/** A stored vector without its numbers. */
export interface SearchedVector {
  readonly id: string;
  /** The text. */
  readonly document: string;
  readonly metadata: Metadata;
}

/** The vectors that people read as one row of a document. */
export interface SearchedRow<Traits> {
  /** The texts of its vectors, separated by spaces. */
  readonly text: string;
  /** In reading order; at least one. */
  readonly vectors: readonly SearchedVector[];
  /** The typed values of the row. */
  readonly traits: Traits;
}

/** A vector with its row and its document, to which conditions apply. */
export interface Candidate<Traits, Head> {
  readonly metadata: Metadata;
  readonly row: Pick<SearchedRow<Traits>, "traits">;
  readonly head: Head | undefined;
}

/** Matches a vector if at least one of these keys of its metadata has exactly this value. */
interface Term {
  readonly anyOf: readonly [string, ...string[]];
  readonly equals: Scalar;
}

/** A request field that stands for a metadata term. */
export interface TermField {
  readonly value: z.ZodType<string>;
  term(value: string): Term;
}

/** A day is a text `YYYY-MM-DD`; days are ordered. */
export type FieldType = MetadataType | "day";

/** A condition field whose value is computed from a row, not read from one metadata key. */
export interface RowField<Traits, Head> {
  readonly type: FieldType;
  valuesOf(candidate: Candidate<Traits, Head>): readonly Scalar[];
}

/** The score that a row gains from a question. */
export interface Boost {
  readonly boost: number;
  /** Whether the question names the row's document. The match of the row with the question's words then counts less. */
  readonly isNamed: boolean;
}

/**
 * The interface between search and documents, in addition to the document model: how vectors form rows, how rows and
 * questions are understood, and the field names of requests and hits. Search passes traits, heads and questions on and
 * never reads them.
 */
export interface SearchModel<
  Traits,
  Head extends { readonly text: string },
  Question extends { readonly name: string; readonly isValueAlone: boolean },
  TermName extends string,
  Place extends object,
  Shown extends object,
  Understood extends object,
  Evidence extends object,
> {
  /** Groups the vectors of one document by rows, in reading order. */
  rowsOf<Vector extends SearchedVector>(vectors: readonly Vector[]): Vector[][];
  traitsOf(text: string): Traits;
  /** Returns the values of traits by which questions find rows. */
  valuesOf(traits: Traits): readonly (string | number)[];
  /** Returns the common data of a document's rows. Its text is searched for the names in questions. */
  headOf(rows: readonly SearchedRow<Traits>[]): Head;

  /** Parses a text by declared rules. `name` is a possible name of a document; empty if there is none. */
  understand(text: string): Question;
  valuesAsked(question: Question): readonly (string | number)[];
  /**
   * Returns the boost of a row. `share` is the part of the question's name that the head of the row's document
   * contains; undefined if it is too small.
   */
  boostOf(row: SearchedRow<Traits>, question: Question, share: number | undefined): Boost;
  /** Returns what the question and the row have in common, for people. */
  matchedBy(row: SearchedRow<Traits>, question: Question, share: number | undefined): string[];
  /** Returns a question in the format of responses. `matched` is what all hits matched. */
  understoodIn(question: Question, matched: ReadonlySet<string>): Understood;

  /** Request fields, by name. */
  readonly terms: Readonly<Record<TermName, TermField>>;
  /** Fields of conditions, by name. */
  readonly rowFields: Readonly<Record<string, RowField<Traits, Head>>>;
  /** Whether the vectors of a collection have a metadata key. */
  isKeyIn(collection: Collection, key: string): boolean;
  /** The format of vector ids in hits. */
  readonly vectorId: z.ZodType<string>;
  collectionOfVector(id: string): Collection;

  /** Returns the ids in a hit. */
  placeOf(metadata: Metadata): Place;
  /** Returns the fields of a hit that describe its document. */
  shownOf(metadata: Metadata, head: Head | undefined): Shown;
  /** Returns the combined evidence in the metadata of a vector's neighbours. */
  evidenceOf(neighbours: readonly Metadata[]): Evidence;
  /** JSON schemas of these fields, and texts for the API description. */
  readonly schemas: {
    /** A description of what is searched. */
    readonly about: string;
    /** A description of the hits. */
    readonly hits: string;
    readonly examples: { readonly metadata: string; readonly matched: string };
    /** The ids that every hit has. */
    readonly alwaysInPlace: readonly (keyof Place & string)[];
    readonly place: Readonly<Record<keyof Place, object>>;
    readonly shown: Readonly<Record<keyof Shown, object>>;
    readonly understood: Readonly<Record<keyof Understood, object>>;
    readonly evidence: Readonly<Record<keyof Evidence, object>>;
  };
}
