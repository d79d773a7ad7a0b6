import { createRequire } from "node:module";
import { setTimeout as delay } from "node:timers/promises";
import dynalite, { type Item, type ItemDb, type Store } from "dynalite/db/index.js";
import validations from "dynalite/validations/index.js";
import { accountId, region } from "../../endpoint/account.ts";
import { AwsError } from "../../endpoint/service.ts";

export type { Item };
export type Input = Readonly<Record<string, unknown>>;

/** Called under the item's lock, after the write; undefined where there is no item. */
export type OnWrite = (tableName: string, before: Item | undefined, after: Item | undefined) => void;

/** A condition did not hold, and the caller asked for the item that failed it. */
export class ConditionFailed extends AwsError {
  readonly item: Item | undefined;

  constructor(message: string, item: Item | undefined) {
    super(400, "ConditionalCheckFailedException", message);
    this.item = item;
  }
}

const actions = new Set([
  "BatchGetItem",
  "BatchWriteItem",
  "CreateTable",
  "DeleteItem",
  "DeleteTable",
  "DescribeTable",
  "DescribeTimeToLive",
  "GetItem",
  "ListTables",
  "ListTagsOfResource",
  "PutItem",
  "Query",
  "Scan",
  "TagResource",
  "UntagResource",
  "UpdateItem",
  "UpdateTable",
]);

const returnOnFailure = "ReturnValuesOnConditionCheckFailure";
const require = createRequire(import.meta.url);

interface DynaliteFault {
  readonly statusCode: number;
  readonly body: { readonly __type: string; readonly message?: string; readonly Message?: string };
}

/** Tables and items in memory: dynalite without its HTTP server, so that every write is seen with the item before it. */
export class Tables {
  private readonly store: Store = dynalite.create({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  private readonly onWrite: OnWrite;

  constructor(onWrite: OnWrite) {
    this.onWrite = onWrite;
    this.store.tableDb.awsAccountId = accountId;
    this.store.tableDb.awsRegion = region;
  }

  static has(action: string): boolean {
    return actions.has(action);
  }

  /** Throws AwsError, also for a parameter that dynalite would silently ignore. */
  async perform(action: string, input: Input): Promise<Record<string, unknown>> {
    const name = `${action.charAt(0).toLowerCase()}${action.slice(1)}`;
    const { types, custom } = require(`dynalite/validations/${name}.js`);
    const { [returnOnFailure]: wanted, ...known } = input;
    refuseUnknown(action, known, types);
    const read = new Map<string, Item | undefined>();
    try {
      const checked = validations.checkTypes(structuredClone(known), types);
      validations.checkValidations(checked, types, custom, this.store);
      return await this.run(require(`dynalite/actions/${name}.js`), checked, read);
    } catch (error) {
      const fault = asAwsError(error);
      if (fault.code !== "ConditionalCheckFailedException" || wanted !== "ALL_OLD") throw fault;
      throw new ConditionFailed(fault.message, [...read.values()][0]);
    }
  }

  /** Waits until a table that was just created, or changed, is ACTIVE. */
  async settled(tableName: string): Promise<Record<string, unknown>> {
    for (;;) {
      const { Table } = await this.perform("DescribeTable", { TableName: tableName });
      const table = Table as Record<string, unknown>;
      if (table.TableStatus === "ACTIVE") return table;
      await delay(1);
    }
  }

  close(): Promise<void> {
    return new Promise((resolve, reject) =>
      this.store.db.close((error) => (error === null || error === undefined ? resolve() : reject(error))),
    );
  }

  private run(
    action: (store: Store, input: object, callback: (error: unknown, output?: object) => void) => void,
    input: object,
    read: Map<string, Item | undefined>,
  ): Promise<Record<string, unknown>> {
    const store = { ...this.store, getItemDb: (tableName: string) => this.observed(tableName, read) };
    return new Promise((resolve, reject) => {
      action(store, input, (error, output) => (error ? reject(error) : resolve({ ...output })));
    });
  }

  /** dynalite reads an item under its key's lock before it writes it: what it read is the image before. */
  private observed(tableName: string, read: Map<string, Item | undefined>): ItemDb {
    const items = this.store.getItemDb(tableName);
    const written = (key: string, after: Item | undefined) => this.onWrite(tableName, read.get(key), after);
    const observer: ItemDb = {
      get: (key, callback) =>
        items.get(key, (error, item) => {
          read.set(key, item);
          callback(error, item);
        }),
      put: (key, item, callback) =>
        items.put(key, item, (error) => {
          if (!error) written(key, item);
          callback(error);
        }),
      del: (key, callback) =>
        items.del(key, (error) => {
          if (!error) written(key, undefined);
          callback(error);
        }),
    };
    return Object.assign(Object.create(items), observer);
  }
}

function refuseUnknown(action: string, input: Input, types: Record<string, unknown>): void {
  const unknown = Object.keys(input).filter((name) => input[name] !== undefined && !(name in types));
  if (unknown.length === 0) return;
  throw new AwsError(
    400,
    "ValidationException",
    `The local DynamoDB does not know ${unknown.join(", ")} of ${action} and will not ignore it.`,
  );
}

function asAwsError(error: unknown): AwsError {
  const fault = error as Partial<DynaliteFault>;
  if (fault.statusCode === undefined || fault.body === undefined) throw error;
  const code = fault.body.__type.replace(/^.*#/, "");
  return new AwsError(fault.statusCode, code, fault.body.message || fault.body.Message || code);
}
