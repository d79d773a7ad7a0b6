import { jsonAction, jsonError, jsonInput, jsonReply } from "../../endpoint/json-protocol.ts";
import type { LocalService } from "../../protocol/service.ts";
import { itemActions, tableActions } from "./actions/actions.ts";
import { Transactions } from "./actions/transactions.ts";
import { ConditionFailedError, TransactionCanceledError } from "./errors.ts";
import type { Input, Output } from "./fields.ts";
import { dynamodbPermissions } from "./permissions.ts";
import { Database, type KeptTable } from "./store/database.ts";
import { streamActions } from "./stream-actions.ts";

/** AWS deletes expired items within days; no code may rely on a time. */
const expiryMilliseconds = 60_000;

/** DynamoDB and DynamoDB Streams, in memory. An action runs to completion synchronously, so actions never interleave. */
export function dynamodbService(clock: () => Date = () => new Date()): LocalService {
  const database = new Database();
  const transactions = new Transactions();
  const find = (name: unknown) => database.find(name).table;
  const expiry = setInterval(() => {
    for (const { table } of database.tables.values()) table.expire(clock());
  }, expiryMilliseconds).unref();

  function perform(action: string, input: Input): Output {
    if (action === "TransactWriteItems") return transactions.write(find, input, clock().getTime());
    const known = streamActions[action];
    if (known !== undefined) return known(database.streams, input);
    const onItems = itemActions[action];
    if (onItems !== undefined) return onItems(find, input);
    return tableActions[action]?.(database, input, clock()) ?? {};
  }

  return {
    names: ["dynamodb"],
    permissions: (call) => dynamodbPermissions(jsonAction(call), jsonInput(call)),
    handle: async (call) => jsonReply(call, perform(jsonAction(call), jsonInput(call))),
    renderError(error, call) {
      const reply = jsonError(call, error, "com.amazonaws.dynamodb.v20120810#");
      const more =
        error instanceof ConditionFailedError
          ? { Item: error.item }
          : error instanceof TransactionCanceledError
            ? { CancellationReasons: error.reasons }
            : undefined;
      if (more === undefined) return reply;
      return { ...reply, body: JSON.stringify({ ...JSON.parse(reply.body.toString()), ...more }) };
    },
    keeper: {
      name: "dynamodb",
      save: () => database.save(),
      restore(state) {
        for (const [name, table] of state as ReadonlyMap<string, KeptTable>) database.kept.set(name, table);
      },
    },
    async close() {
      clearInterval(expiry);
    },
  };
}
