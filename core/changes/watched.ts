import * as z from "zod";
import type { Collection } from "../../contract/collections.ts";
import { type EntityType, entityTypes } from "../entities/entity-key.ts";
import { labelFields, merchantFields } from "../entities/known-items.ts";
import { commaSeparated } from "../settings/environment.ts";
import type { EventName } from "./stream-record.ts";

/** Which changes of the receipts table reach the collections. A stack may narrow them; `whole` is everything. */
export interface Watched {
  readonly entities: ReadonlySet<EntityType>;
  /** A MODIFY is relevant if one of these fields has changed. For an entity without an entry it never is. */
  readonly fields: Readonly<Partial<Record<EntityType, readonly string[]>>>;
}

export const whole: Watched = {
  entities: new Set(entityTypes),
  fields: { RECEIPT_METADATA: merchantFields, RECEIPT_WORD_LABEL: labelFields },
};

interface Answer {
  /** For a MODIFY the watched fields decide. */
  readonly events: readonly Exclude<EventName, "MODIFY">[];
  readonly goesTo: readonly Collection[];
}

/**
 * The events of each entity that are forwarded. Lines and words appear with their run, so inserts of them carry no
 * information.
 */
const answers: Readonly<Record<EntityType, Answer>> = {
  COMPACTION_RUN: { events: ["INSERT"], goesTo: ["lines", "words"] },
  RECEIPT_METADATA: { events: ["INSERT", "REMOVE"], goesTo: ["lines", "words"] },
  RECEIPT_WORD_LABEL: { events: ["INSERT", "REMOVE"], goesTo: ["words"] },
  RECEIPT: { events: ["REMOVE"], goesTo: ["lines", "words"] },
  RECEIPT_LINE: { events: ["REMOVE"], goesTo: ["lines", "words"] },
  RECEIPT_WORD: { events: ["REMOVE"], goesTo: ["words"] },
};

/** Whether such an event is forwarded at all. For a MODIFY its fields decide. */
export function isAnswered(watched: Watched, type: EntityType, event: EventName): boolean {
  if (!watched.entities.has(type)) return false;
  return event === "MODIFY" ? watched.fields[type] !== undefined : answers[type].events.includes(event);
}

/** The collections that changes of an entity go to. */
export function destinations(type: EntityType): readonly Collection[] {
  return answers[type].goesTo;
}

/** The environment in which infra/ passes the stack's settings to the stream processor. */
export const watchedConfig = {
  WATCHED_ENTITIES: commaSeparated.pipe(z.array(z.enum(entityTypes)).min(1)),
  WATCHED_METADATA_FIELDS: commaSeparated.pipe(z.array(z.enum(merchantFields))),
  WATCHED_LABEL_FIELDS: commaSeparated.pipe(z.array(z.enum(labelFields))),
};

export function watchedOf(environment: {
  readonly WATCHED_ENTITIES: readonly EntityType[];
  readonly WATCHED_METADATA_FIELDS: readonly string[];
  readonly WATCHED_LABEL_FIELDS: readonly string[];
}): Watched {
  return {
    entities: new Set(environment.WATCHED_ENTITIES),
    fields: {
      RECEIPT_METADATA: environment.WATCHED_METADATA_FIELDS,
      RECEIPT_WORD_LABEL: environment.WATCHED_LABEL_FIELDS,
    },
  };
}
