import { isDeepStrictEqual } from "node:util";
import { AwsError } from "../../../protocol/service.ts";
import { type CancellationReason, ConditionFailedError, TransactionCanceledError } from "../errors.ts";
import { type Input, list, type Output, requireKnown } from "../fields.ts";
import { keyText } from "../store/keys.ts";
import type { Table } from "../store/table.ts";
import { validationError } from "../values/validation.ts";
import { type FindTable, readOne } from "./item-actions.ts";
import { conditionFields, type PlannedWrite, planCheck, planDelete, planPut, planUpdate } from "./writes.ts";

type Plan = (table: Table, input: Input) => PlannedWrite;

const plans: Readonly<Record<string, { readonly plan: Plan; readonly fields: readonly string[] }>> = {
  ConditionCheck: { plan: planCheck, fields: ["Key"] },
  Delete: { plan: planDelete, fields: ["Key"] },
  Put: { plan: planPut, fields: ["Item"] },
  Update: { plan: planUpdate, fields: ["Key", "UpdateExpression"] },
};

const maxItems = 100;
const tokenMilliseconds = 10 * 60_000;

/** Remembers the tokens of finished transactions, for as long as AWS does. */
export class Transactions {
  readonly #done = new Map<string, { readonly input: Input; readonly at: number }>();

  /** All of it or nothing. Throws TransactionCanceledError. */
  write(find: FindTable, input: Input, now: number): Output {
    requireKnown("TransactWriteItems", input, [
      "TransactItems",
      "ClientRequestToken",
      "ReturnConsumedCapacity",
      "ReturnItemCollectionMetrics",
    ]);
    const token = input.ClientRequestToken === undefined ? undefined : String(input.ClientRequestToken);
    if (token !== undefined && this.#wasDone(token, input, now)) return {};
    const items = transactItems(input);
    const reasons: CancellationReason[] = [];
    const writes: PlannedWrite[] = [];
    for (const item of items) {
      try {
        writes.push(planOf(find, item));
        reasons.push({ Code: "None" });
      } catch (error) {
        if (!(error instanceof ConditionFailedError)) throw error;
        reasons.push({
          Code: "ConditionalCheckFailed",
          Message: error.message,
          ...(error.item === undefined ? {} : { Item: error.item }),
        });
      }
    }
    if (writes.length < items.length) throw new TransactionCanceledError(reasons);
    const keys = writes.map(({ table, key }) => `${table.name} ${keyText(key, table.keys)}`);
    if (new Set(keys).size < keys.length) {
      throw validationError("Transaction request cannot include multiple operations on one item");
    }
    for (const { table, before, after } of writes) if (before !== after) table.write(before, after);
    if (token !== undefined) this.#done.set(token, { input, at: now });
    return {};
  }

  #wasDone(token: string, input: Input, now: number): boolean {
    for (const [old, { at }] of this.#done) if (at < now - tokenMilliseconds) this.#done.delete(old);
    const done = this.#done.get(token);
    if (done === undefined) return false;
    if (isDeepStrictEqual(done.input, input)) return true;
    throw new AwsError(
      400,
      "IdempotentParameterMismatchException",
      "The request uses the same client token as a previous, but non-identical request.",
    );
  }
}

export function transactGetItems(find: FindTable, input: Input): Output {
  requireKnown("TransactGetItems", input, ["TransactItems", "ReturnConsumedCapacity"]);
  const Responses = transactItems(input).map(({ Get }) => {
    const get = (Get ?? {}) as Input;
    requireKnown("Get", get, ["TableName", "Key", "ProjectionExpression", "ExpressionAttributeNames"]);
    const { found } = readOne(find(get.TableName), get.Key, get);
    return found === undefined ? {} : { Item: found };
  });
  return { Responses };
}

function planOf(find: FindTable, item: Input): PlannedWrite {
  const named = Object.entries(item).filter(([, request]) => request !== undefined && request !== null);
  const [name, raw] = named[0] ?? [];
  const known = name === undefined ? undefined : plans[name];
  if (known === undefined || named.length !== 1) {
    throw validationError("TransactItems can only contain one of Check, Put, Update or Delete");
  }
  const request = raw as Input;
  requireKnown(String(name), request, [...conditionFields, ...known.fields]);
  return known.plan(find(request.TableName), request);
}

function transactItems(input: Input): readonly Input[] {
  const items = list(input.TransactItems, "transactItems");
  if (items.length >= 1 && items.length <= maxItems) return items;
  throw validationError(
    `1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length from 1 to ${maxItems}`,
  );
}
