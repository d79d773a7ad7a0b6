import type * as z from "zod";
import type { Collection } from "../../contract/collections.ts";
import type { MetadataType } from "./document-model.ts";

export type Scalar = string | number | boolean;
type Metadata = Readonly<Record<string, Scalar>>;

/** What a search knows of a stored vector beside its numbers. */
export interface SearchedVector {
  readonly id: string;
  /** The text. */
  readonly document: string;
  readonly metadata: Metadata;
}

/** The vectors that a person reads as one row of a document. */
export interface SearchedRow<Traits> {
  /** The texts of its vectors, one blank between two. */
  readonly text: string;
  /** In reading order; at least one. */
  readonly vectors: readonly SearchedVector[];
  /** What it says, in typed values. */
  readonly traits: Traits;
}

/** One vector with its row and its document, as a condition sees it. */
export interface Candidate<Traits, Head> {
  readonly metadata: Metadata;
  readonly row: Pick<SearchedRow<Traits>, "traits">;
  readonly head: Head | undefined;
}

/** Holds for a vector when at least one of these keys of its metadata has exactly this value. */
interface Term {
  readonly anyOf: readonly [string, ...string[]];
  readonly equals: Scalar;
}

/** A field of a request that is short for a term of metadata. */
export interface TermField {
  readonly value: z.ZodType<string>;
  term(value: string): Term;
}

/** A day is a text `YYYY-MM-DD`, and days have an order. */
export type FieldType = MetadataType | "day";

/** A field of a condition that is read off a row, not off one key of the metadata. */
export interface RowField<Traits, Head> {
  readonly type: FieldType;
  valuesOf(candidate: Candidate<Traits, Head>): readonly Scalar[];
}

/** What a row that a question names gains. */
export interface Boost {
  readonly boost: number;
  /** Its document is the one that the question is about: what the row is to the question's words then counts less. */
  readonly isNamed: boolean;
}

/**
 * All that search knows of the documents beside their model: how their vectors form rows, what rows and questions say, and
 * what requests and hits call it. Search passes traits, heads and questions on and never looks inside.
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
  /** The vectors of one document by its rows, in reading order. */
  rowsOf<Vector extends SearchedVector>(vectors: readonly Vector[]): Vector[][];
  traitsOf(text: string): Traits;
  /** The values of traits by which questions find rows. */
  valuesOf(traits: Traits): readonly (string | number)[];
  /** What the rows of a document have in common. Its text is searched for the names in questions. */
  headOf(rows: readonly SearchedRow<Traits>[]): Head;

  /** What a text says by declared rules. `name` is what may name a document, empty for none. */
  understand(text: string): Question;
  valuesAsked(question: Question): readonly (string | number)[];
  /** `share` is how much of the question's name the head of the row's document contains; undefined if too little. */
  boostOf(row: SearchedRow<Traits>, question: Question, share: number | undefined): Boost;
  /** What a question names and a row has, for people to read. */
  matchedBy(row: SearchedRow<Traits>, question: Question, share: number | undefined): string[];
  /** As answers show it. `matched` is what all hits matched. */
  understoodIn(question: Question, matched: ReadonlySet<string>): Understood;

  /** Request fields, by name. */
  readonly terms: Readonly<Record<TermName, TermField>>;
  /** Fields of conditions, by name. */
  readonly rowFields: Readonly<Record<string, RowField<Traits, Head>>>;
  /** Whether vectors of a collection have such a metadata key. */
  isKeyIn(collection: Collection, key: string): boolean;
  /** The id of a vector, as hits have it. */
  readonly vectorId: z.ZodType<string>;
  collectionOfVector(id: string): Collection;

  /** Fields of a hit: its ids. */
  placeOf(metadata: Metadata): Place;
  /** Fields of a hit: what is known of its document. */
  shownOf(metadata: Metadata, head: Head | undefined): Shown;
  /** What the metadata of a vector's neighbours say together. */
  evidenceOf(neighbours: readonly Metadata[]): Evidence;
  /** JSON schemas of these fields, and the words that describe the API. */
  readonly schemas: {
    /** What is searched. */
    readonly about: string;
    /** What hits are. */
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
