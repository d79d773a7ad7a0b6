import * as z from "zod";
import type { Collection } from "../../contract/collections.ts";
import {
  type EntityType,
  entityTypes,
  type FieldVariable,
  hasFields,
  type TypeWithFields,
  typesWithFields,
  watchedEntities,
} from "../../contract/watched-entities.ts";
import { type EventName, forwardedEvents } from "../entities/change-message.ts";
import { commaSeparated } from "../settings/environment.ts";

/** The changes of the receipts table that reach the collections. A stack may narrow them; `whole` contains all. */
export interface Watched {
  readonly entities: ReadonlySet<EntityType>;
  /**
   * A MODIFY is relevant if one of these fields has changed. Without an entry, a MODIFY of the entity is never
   * relevant.
   */
  readonly fields: Readonly<Partial<Record<EntityType, readonly string[]>>>;
}

export const whole: Watched = {
  entities: new Set(entityTypes),
  fields: Object.fromEntries(typesWithFields.map((type) => [type, watchedEntities[type].fields])),
};

/** Whether such an event is forwarded at all. For a MODIFY, the changed fields decide. */
export function isAnswered(watched: Watched, type: EntityType, event: EventName): boolean {
  if (!watched.entities.has(type)) return false;
  return event === "MODIFY" ? watched.fields[type] !== undefined : forwardedEvents(type).includes(event);
}

/** The collections that changes of an entity are sent to. */
export function destinations(type: EntityType): readonly Collection[] {
  return watchedEntities[type].goesTo;
}

const fieldLists = Object.fromEntries(
  typesWithFields.map((type) => [watchedEntities[type].watch.variable, listOf(type)]),
) as {
  readonly [Variable in FieldVariable]: ReturnType<typeof listOf>;
};

function listOf(type: TypeWithFields) {
  const fields: readonly string[] = watchedEntities[type].fields;
  return commaSeparated.pipe(z.array(z.enum(fields)));
}

/** The environment variables in which infra/ passes the stack's settings to the stream processor. */
export const watchedConfig = {
  WATCHED_ENTITIES: commaSeparated.pipe(z.array(z.enum(entityTypes)).min(1)),
  ...fieldLists,
};

export function watchedOf(
  environment: { readonly WATCHED_ENTITIES: readonly EntityType[] } & Readonly<
    Record<FieldVariable, readonly string[]>
  >,
): Watched {
  return {
    entities: new Set(environment.WATCHED_ENTITIES),
    fields: Object.fromEntries(
      entityTypes.filter(hasFields).map((type) => [type, environment[watchedEntities[type].watch.variable]]),
    ),
  };
}
