import * as z from "zod";
import { problems } from "./text/problems.ts";
import { InputError } from "./vectorkeep-error.ts";

/** An item does not match its key or schema: another writer or a manual edit changed it. */
export class ItemUnreadableError extends InputError {
  /** Name of the item, with its key. */
  readonly item: string;

  constructor(what: string, item: unknown, found: readonly string[]) {
    super(
      `The ${what} ${nameOf(item)} cannot be read: ${found.join("; ")}.`,
      "Correct the item, or delete it and run `npm run verify -- --repair`.",
    );
    this.item = nameOf(item);
  }
}

/** Parses an item. Throws ItemUnreadableError with the item and every problem. */
export function readItem<Schema extends z.ZodType>(
  schema: Schema,
  what: string,
  item: unknown,
): z.infer<Schema> {
  const parsed = schema.safeParse(item);
  if (!parsed.success) throw new ItemUnreadableError(what, item, problems(parsed.error));
  return parsed.data;
}

const keyed = z.object({ PK: z.string(), SK: z.string() });

function nameOf(item: unknown): string {
  const { data } = keyed.safeParse(item);
  return data ? `item ${data.PK} / ${data.SK}` : "item";
}

/** Whether DynamoDB rejects the operation itself, or the types of the item: a permanent error. */
export function isValidationError(error: unknown): boolean {
  return error instanceof Error && error.name === "ValidationException";
}
