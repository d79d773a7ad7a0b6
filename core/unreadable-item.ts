import * as z from "zod";
import { problems } from "./receipts/problems.ts";
import { InputError } from "./vectorkeep-error.ts";

/** An item of a table is not what its key says: another writer made it, or somebody edited it. */
export class ItemUnreadableError extends InputError {
  /** By its key. */
  readonly item: string;

  constructor(what: string, item: unknown, found: readonly string[]) {
    super(
      `The ${what} ${nameOf(item)} cannot be read: ${found.join("; ")}.`,
      "Correct the item, or delete it and run `npm run verify -- --repair`.",
    );
    this.item = nameOf(item);
  }
}

/** The item as its schema has it. Throws ItemUnreadableError, which names the item and every problem. */
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

/** DynamoDB refuses the operation for what it says, or for the types that the item has: trying again is refused again. */
export function isValidationError(error: unknown): boolean {
  return error instanceof Error && error.name === "ValidationException";
}
