import { accountId, region } from "../../../protocol/account.ts";
import type { ChangeStream, KeptStream } from "../change-stream.ts";
import { tableNotFound } from "../errors.ts";
import type { Output } from "../fields.ts";
import type { Item } from "../values/attribute-value.ts";
import { partsOf } from "./keys.ts";
import type { KeyTypes } from "./read-table.ts";
import type { IndexDefinition, Table } from "./table.ts";

/** A table with its settings. */
export interface TableEntry {
  readonly table: Table;
  keyTypes: KeyTypes;
  readonly createdAt: number;
  billing: { readonly mode: string; readonly throughput: Output | undefined };
  deletionProtected: boolean;
  tableClass: unknown;
  encrypted: boolean;
  readonly tags: Map<string, string>;
}

/** The saved state of a table. */
export interface KeptTable {
  readonly items: readonly Item[];
  readonly stream: KeptStream | undefined;
}

/** All tables, and their streams, also those that were switched off. */
export class Database {
  readonly tables = new Map<string, TableEntry>();
  readonly streams = new Map<string, ChangeStream>();
  /** State for tables that are not created yet, by name. */
  readonly kept = new Map<string, KeptTable>();

  save(): ReadonlyMap<string, KeptTable> {
    return new Map(
      [...this.tables].map(([name, { table }]) => {
        const stream = table.stream?.ended ? undefined : table.stream?.save();
        return [name, { items: [...table.items.scan(undefined)], stream }] as const;
      }),
    );
  }

  /** Finds a table by name or ARN. Throws ResourceNotFoundException. */
  find(nameOrArn: unknown): TableEntry {
    const text = String(nameOrArn);
    const name = text.startsWith("arn:") ? (text.split("/")[1] ?? text) : text;
    const entry = this.tables.get(name);
    if (entry === undefined) throw tableNotFound(name);
    return entry;
  }
}

export function tableArn(name: string): string {
  return `arn:aws:dynamodb:${region}:${accountId}:table/${name}`;
}

/** Returns the response of DescribeTable. */
export function describeTable(entry: TableEntry): Output {
  const { table, billing, keyTypes } = entry;
  const throughput = {
    NumberOfDecreasesToday: 0,
    ReadCapacityUnits: 0,
    WriteCapacityUnits: 0,
    ...billing.throughput,
  };
  const described = (global: boolean) =>
    table.indexes
      .filter((index) => index.global === global)
      .map((index) => ({ ...describeIndex(index, table, throughput), ItemCount: index.items.size }));
  const [globals, locals] = [described(true), described(false)];
  return {
    TableName: table.name,
    TableStatus: "ACTIVE",
    TableArn: tableArn(table.name),
    CreationDateTime: entry.createdAt,
    KeySchema: schemaOf(table.keys),
    AttributeDefinitions: [...keyTypes].map(([AttributeName, AttributeType]) => ({
      AttributeName,
      AttributeType,
    })),
    ItemCount: table.items.size,
    TableSizeBytes: table.bytes,
    ...(billing.mode === "PAY_PER_REQUEST" ? { BillingModeSummary: { BillingMode: billing.mode } } : {}),
    ProvisionedThroughput: throughput,
    DeletionProtectionEnabled: entry.deletionProtected,
    ...(entry.tableClass === undefined ? {} : { TableClassSummary: { TableClass: entry.tableClass } }),
    ...(entry.encrypted ? { SSEDescription: { Status: "ENABLED", SSEType: "KMS" } } : {}),
    ...(globals.length > 0 ? { GlobalSecondaryIndexes: globals } : {}),
    ...(locals.length > 0 ? { LocalSecondaryIndexes: locals } : {}),
    ...(table.stream === undefined
      ? {}
      : {
          ...(table.stream.ended
            ? {}
            : { StreamSpecification: { StreamEnabled: true, StreamViewType: table.stream.viewType } }),
          LatestStreamArn: table.stream.arn,
          LatestStreamLabel: table.stream.label,
        }),
  };
}

function describeIndex(index: IndexDefinition, table: Table, throughput: Output): Output {
  const { type, include } = index.projection;
  return {
    IndexName: index.name,
    IndexArn: `${tableArn(table.name)}/index/${index.name}`,
    KeySchema: schemaOf(index.keys),
    Projection: { ProjectionType: type, ...(type === "INCLUDE" ? { NonKeyAttributes: include } : {}) },
    ...(index.global ? { IndexStatus: "ACTIVE", ProvisionedThroughput: throughput } : {}),
    IndexSizeBytes: 0,
  };
}

function schemaOf(keys: Table["keys"]): object[] {
  return partsOf(keys).map(({ name }, at) => ({
    AttributeName: name,
    KeyType: at === 0 ? "HASH" : "RANGE",
  }));
}
