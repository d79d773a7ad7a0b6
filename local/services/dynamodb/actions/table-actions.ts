import { AwsError } from "../../../protocol/service.ts";
import { ChangeStream, type StreamedTable, type StreamViewType } from "../change-stream.ts";
import { type Input, integer, type Output, oneOf, requireKnown } from "../fields.ts";
import { type Database, describeTable, type TableEntry, tableArn } from "../store/database.ts";
import { partsOf } from "../store/keys.ts";
import {
  readIndex,
  readIndexes,
  readKeys,
  readKeyTypes,
  readTableName,
  requireAllKeys,
} from "../store/read-table.ts";
import { Table } from "../store/table.ts";
import { validationError } from "../values/validation.ts";
import { tagsOf } from "./tag-actions.ts";

const viewTypes = ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"] as const;
const usualPageSize = 100;

export function createTable(database: Database, input: Input, now: Date): Output {
  requireKnown("CreateTable", input, [
    "TableName",
    "AttributeDefinitions",
    "KeySchema",
    "BillingMode",
    "ProvisionedThroughput",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
    "StreamSpecification",
    "SSESpecification",
    "DeletionProtectionEnabled",
    "TableClass",
    "Tags",
  ]);
  const name = readTableName(input.TableName);
  const keyTypes = readKeyTypes(input.AttributeDefinitions);
  const keys = readKeys(input.KeySchema, keyTypes);
  const indexes = readIndexes(input, keyTypes);
  requireAllKeys(keyTypes, [keys, ...indexes.map((index) => index.keys)]);
  const billing = readBilling(input);
  const tags = tagsOf(input.Tags ?? []);
  const viewType = readStreamSpecification(input.StreamSpecification);
  if (database.tables.has(name)) {
    throw new AwsError(400, "ResourceInUseException", `Table already exists: ${name}`);
  }
  const table = new Table(name, keys);
  for (const index of indexes) table.addIndex(index);
  const entry: TableEntry = {
    table,
    keyTypes,
    createdAt: now.getTime() / 1000,
    billing,
    deletionProtected: input.DeletionProtectionEnabled === true,
    tableClass: input.TableClass,
    encrypted: (input.SSESpecification as Input | undefined)?.Enabled === true,
    tags,
  };
  database.tables.set(name, entry);
  const kept = database.kept.get(name);
  database.kept.delete(name);
  for (const item of kept?.items ?? []) table.write(undefined, item);
  if (viewType !== undefined && kept?.stream?.viewType === viewType) {
    table.stream = ChangeStream.restored(streamedTable(table), kept.stream);
    database.streams.set(table.stream.arn, table.stream);
  } else if (viewType !== undefined) startStream(database, entry, viewType, now);
  return { TableDescription: describeTable(entry) };
}

export function updateTable(database: Database, input: Input, now: Date): Output {
  requireKnown("UpdateTable", input, [
    "TableName",
    "AttributeDefinitions",
    "BillingMode",
    "ProvisionedThroughput",
    "GlobalSecondaryIndexUpdates",
    "StreamSpecification",
    "SSESpecification",
    "DeletionProtectionEnabled",
    "TableClass",
  ]);
  const entry = database.find(input.TableName);
  if (Object.keys(input).filter((name) => input[name] !== undefined).length < 2) {
    throw validationError(
      "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required",
    );
  }
  if (input.StreamSpecification !== undefined) changeStream(database, entry, input.StreamSpecification, now);
  if (input.GlobalSecondaryIndexUpdates !== undefined) changeIndexes(entry, input);
  if (input.BillingMode !== undefined || input.ProvisionedThroughput !== undefined) {
    entry.billing = readBilling({ BillingMode: entry.billing.mode, ...input });
  }
  if (input.DeletionProtectionEnabled !== undefined) {
    entry.deletionProtected = input.DeletionProtectionEnabled === true;
  }
  if (input.TableClass !== undefined) entry.tableClass = input.TableClass;
  const encryption = input.SSESpecification as Input | undefined;
  if (encryption !== undefined) entry.encrypted = encryption.Enabled === true;
  return { TableDescription: describeTable(entry) };
}

export function deleteTable(database: Database, input: Input): Output {
  requireKnown("DeleteTable", input, ["TableName"]);
  const entry = database.find(input.TableName);
  const { name, stream } = entry.table;
  if (entry.deletionProtected) {
    throw validationError(
      `Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first: ${tableArn(name)}`,
    );
  }
  if (stream !== undefined) stream.ended = true;
  database.tables.delete(name);
  return { TableDescription: { ...describeTable(entry), TableStatus: "DELETING" } };
}

export function listTables(database: Database, input: Input): Output {
  requireKnown("ListTables", input, ["ExclusiveStartTableName", "Limit"]);
  const limit = integer(input, "Limit", 1) ?? usualPageSize;
  const after = String(input.ExclusiveStartTableName ?? "");
  const names = [...database.tables.keys()].sort().filter((name) => name > after);
  const TableNames = names.slice(0, limit);
  return { TableNames, ...(names.length > limit ? { LastEvaluatedTableName: TableNames.at(-1) } : {}) };
}

function readBilling(input: Input): TableEntry["billing"] {
  const mode = oneOf(input, "BillingMode", ["PROVISIONED", "PAY_PER_REQUEST"]);
  const throughput = input.ProvisionedThroughput as Output | undefined;
  if (mode === "PROVISIONED" && throughput === undefined) {
    throw validationError(
      "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
    );
  }
  if (mode === "PAY_PER_REQUEST" && throughput !== undefined) {
    throw validationError(
      "One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
    );
  }
  return { mode, throughput };
}

/** Returns undefined if the stream is disabled. */
function readStreamSpecification(raw: unknown): StreamViewType | undefined {
  const { StreamEnabled: enabled, StreamViewType: asked } = (raw ?? {}) as Input;
  if (enabled !== true) {
    if (asked === undefined) return undefined;
    throw validationError(
      "One or more parameter values were invalid: StreamViewType cannot be specified when StreamEnabled is set to false",
    );
  }
  const viewType = viewTypes.find((each) => each === asked);
  if (viewType !== undefined) return viewType;
  throw validationError(
    `1 validation error detected: Value '${String(asked)}' at 'streamSpecification.streamViewType' failed to satisfy constraint: Member must satisfy enum value set: [${viewTypes.join(", ")}]`,
  );
}

function changeStream(database: Database, entry: TableEntry, raw: unknown, now: Date): void {
  const viewType = readStreamSpecification(raw);
  const { table } = entry;
  const enabled = table.stream !== undefined && !table.stream.ended;
  if (viewType !== undefined && enabled) {
    throw validationError(`Table already has an enabled stream: TableName: ${table.name}`);
  }
  if (viewType === undefined && !enabled) {
    throw validationError(`Table has no enabled stream to disable: TableName: ${table.name}`);
  }
  if (viewType !== undefined) startStream(database, entry, viewType, now);
  else if (table.stream !== undefined) table.stream.ended = true;
}

/** A stream that is switched on is always a new one: its ARN has the time in it. */
function startStream(
  { streams }: Database,
  { table }: TableEntry,
  viewType: StreamViewType,
  now: Date,
): void {
  const streamed = streamedTable(table);
  let stream = new ChangeStream(streamed, viewType, now);
  for (let later = now.getTime() + 1; streams.has(stream.arn); later += 1) {
    stream = new ChangeStream(streamed, viewType, new Date(later));
  }
  table.stream = stream;
  streams.set(stream.arn, stream);
}

function streamedTable({ name, keys }: Table): StreamedTable {
  return { name, keyNames: partsOf(keys).map((part) => part.name) };
}

function changeIndexes(entry: TableEntry, input: Input): void {
  const { table } = entry;
  for (const update of input.GlobalSecondaryIndexUpdates as readonly Record<string, Input>[]) {
    if (update.Delete !== undefined) table.deleteIndex(String(update.Delete.IndexName));
    if (update.Create === undefined) continue;
    const types = new Map([...entry.keyTypes, ...readKeyTypes(input.AttributeDefinitions ?? [])]);
    const index = readIndex(update.Create, true, types);
    if (table.indexes.some(({ name }) => name === index.name)) {
      throw validationError(`Attempting to create an index which already exists: ${index.name}`);
    }
    table.addIndex(index);
    entry.keyTypes = types;
  }
}
