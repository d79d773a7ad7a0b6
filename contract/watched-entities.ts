import type { Collection } from "./collections.ts";

/** A segment of a sort key, `NAME#value`, and the id that it holds: the name in code, the stored name, and its kind. */
interface Segment {
  readonly id: string;
  readonly stored: string;
  /** `number`: at least `from`, padded to five digits. `text`: free text. */
  readonly kind: "number" | "text";
  readonly from?: number;
}

/** The segments of sort keys under `IMAGE#{image_id}`. A null segment is a name without a value. */
export const keySegments = {
  RECEIPT: { id: "receiptId", stored: "receipt_id", kind: "number", from: 1 },
  LINE: { id: "lineId", stored: "line_id", kind: "number", from: 0 },
  WORD: { id: "wordId", stored: "word_id", kind: "number", from: 0 },
  LABEL: { id: "label", stored: "label", kind: "text" },
  METADATA: null,
  PLACE: null,
  COMPACTION_RUN: { id: "runId", stored: "run_id", kind: "text" },
} as const satisfies Readonly<Record<string, Segment | null>>;

export type SegmentName = keyof typeof keySegments;

/**
 * An entity of the receipts table whose changes reach the collections. Everything else follows from its declaration: its
 * key pattern, its change message, the events that are forwarded, its settings and where its removal applies.
 */
type WatchedEntity = {
  readonly goesTo: readonly [Collection, ...Collection[]];
} & (
  | {
      /** The sort key, by its segments. */
      readonly key: readonly ["RECEIPT", ...SegmentName[]];
      /** `run`: its insert announces the deltas of a run. `content`: its removal takes away the vectors under its key. */
      readonly holds: "run" | "content";
    }
  | {
      readonly key: readonly ["RECEIPT", SegmentName, ...SegmentName[]];
      /**
       * Vectors show its fields. `receipt facts`: every vector of the receipt has them in its metadata. `word label`: the
       * word has the label's status.
       */
      readonly holds: "receipt facts" | "word label";
      /** Fields, all of them texts, whose change is relevant. */
      readonly fields: readonly [string, ...string[]];
      /** The metadata key that shows a field, where it is not the field's own name. */
      readonly shownAs?: Readonly<Record<string, string>>;
      /** The setting `stream:{setting}` by which a stack narrows them, and its variable of the stream processor. */
      readonly watch: {
        readonly setting: string;
        readonly variable: string;
        /** @default all fields */
        readonly default?: readonly string[];
        readonly means: string;
        readonly because: string;
      };
    }
);

/** Every watched entity, once. To watch another one, declare it here. */
export const watchedEntities = {
  COMPACTION_RUN: {
    key: ["RECEIPT", "COMPACTION_RUN"],
    goesTo: ["lines", "words"],
    holds: "run",
  },
  RECEIPT_METADATA: {
    key: ["RECEIPT", "METADATA"],
    goesTo: ["lines", "words"],
    holds: "receipt facts",
    fields: [
      "canonical_merchant_name",
      "merchant_name",
      "merchant_category",
      "address",
      "phone_number",
      "place_id",
    ],
    watch: {
      setting: "metadataFields",
      variable: "WATCHED_METADATA_FIELDS",
      means:
        "Watched fields of RECEIPT_METADATA items. A change of any other field is skipped; at least one is required, or edited metadata would never reach its vectors.",
      because: "They are all fields that vectors carry.",
    },
  },
  /** The newer form of RECEIPT_METADATA; `core/entities/shown-merchant.ts` decides between the two. */
  RECEIPT_PLACE: {
    key: ["RECEIPT", "PLACE"],
    goesTo: ["lines", "words"],
    holds: "receipt facts",
    fields: ["merchant_name", "merchant_category", "formatted_address", "phone_number", "place_id"],
    shownAs: { formatted_address: "address" },
    watch: {
      setting: "placeFields",
      variable: "WATCHED_PLACE_FIELDS",
      means:
        "Watched fields of RECEIPT_PLACE items. A change of any other field is skipped; at least one is required, or edited places would never reach their vectors.",
      because: "They are all fields that vectors carry; `formatted_address` is their `address`.",
    },
  },
  RECEIPT_WORD_LABEL: {
    key: ["RECEIPT", "LINE", "WORD", "LABEL"],
    goesTo: ["words"],
    holds: "word label",
    fields: ["label", "validation_status", "label_proposed_by", "label_consolidated_from", "reasoning"],
    watch: {
      setting: "labelFields",
      variable: "WATCHED_LABEL_FIELDS",
      default: ["label", "validation_status", "label_consolidated_from"],
      means:
        "Watched fields of RECEIPT_WORD_LABEL items. A change of any other field is skipped; at least one is required, or edited labels would never reach their vectors.",
      because:
        "They decide which label is shown and whether it is valid. No vector carries the other fields, so watching them would publish generations without a difference.",
    },
  },
  RECEIPT: {
    key: ["RECEIPT"],
    goesTo: ["lines", "words"],
    holds: "content",
  },
  RECEIPT_LINE: {
    key: ["RECEIPT", "LINE"],
    goesTo: ["lines", "words"],
    holds: "content",
  },
  RECEIPT_WORD: {
    key: ["RECEIPT", "LINE", "WORD"],
    goesTo: ["words"],
    holds: "content",
  },
} as const satisfies Readonly<Record<string, WatchedEntity>>;

export type EntityType = keyof typeof watchedEntities;
type Declared = typeof watchedEntities;

/** The types whose entities hold this. */
export type TypesThatHold<Content extends Declared[EntityType]["holds"]> = {
  [Type in EntityType]: Declared[Type]["holds"] extends Content ? Type : never;
}[EntityType];

/** Types with fields that a stack may choose to watch. */
export type TypeWithFields = TypesThatHold<"receipt facts" | "word label">;

/** The fields of an entity that may be watched. */
export type FieldOf<Type extends TypeWithFields> = Declared[Type]["fields"][number];

type KeyShown<Type extends ReceiptFactType> = Declared[Type] extends {
  readonly shownAs: infer Names extends Readonly<Record<string, string>>;
}
  ? Exclude<FieldOf<Type>, keyof Names> | Names[keyof Names]
  : FieldOf<Type>;

/** The metadata keys that every vector of a receipt carries. */
export type ReceiptFactField = { [Type in ReceiptFactType]: KeyShown<Type> }[ReceiptFactType];

/** The ids in a key, by their names in code. */
export type IdsOf<Type extends EntityType> = {
  readonly [Name in Declared[Type]["key"][number] as (typeof keySegments)[Name] extends Segment
    ? (typeof keySegments)[Name]["id"]
    : never]: (typeof keySegments)[Name] extends { readonly kind: "number" } ? number : string;
};

/** The ids in a key, by their stored names. */
export type StoredIdsOf<Type extends EntityType> = {
  [Name in Declared[Type]["key"][number] as (typeof keySegments)[Name] extends Segment
    ? (typeof keySegments)[Name]["stored"]
    : never]: (typeof keySegments)[Name] extends { readonly kind: "number" } ? number : string;
};

export const entityTypes = Object.keys(watchedEntities) as [EntityType, ...EntityType[]];

/** Types whose fields may be watched, in the order of their declaration. */
export const typesWithFields = entityTypes.filter(hasFields);

export function hasFields(type: EntityType): type is TypeWithFields {
  return "fields" in watchedEntities[type];
}

/** Types whose fields every vector of a receipt carries. */
export type ReceiptFactType = TypesThatHold<"receipt facts">;

export function holdsReceiptFacts(type: EntityType): type is ReceiptFactType {
  return watchedEntities[type].holds === "receipt facts";
}

/** The metadata key that shows a field of an entity. */
export function shownKey<Type extends ReceiptFactType>(type: Type, field: FieldOf<Type>): ReceiptFactField {
  const declared: WatchedEntity = watchedEntities[type];
  const renamed = "shownAs" in declared ? declared.shownAs?.[field] : undefined;
  return (renamed ?? field) as ReceiptFactField;
}

export const receiptFactFields: readonly ReceiptFactField[] = [
  ...new Set(
    entityTypes
      .filter(holdsReceiptFacts)
      .flatMap((type) => watchedEntities[type].fields.map((field) => shownKey(type, field))),
  ),
];

/** Whether changes of an entity reach a collection. */
export function isFor(collection: Collection, type: EntityType): boolean {
  const goesTo: readonly Collection[] = watchedEntities[type].goesTo;
  return goesTo.includes(collection);
}

/** A variable of the stream processor with the watched fields of an entity. */
export type FieldVariable = Declared[TypeWithFields]["watch"]["variable"];
