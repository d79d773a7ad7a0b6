import type { Input, Output } from "../fields.ts";
import { requireKnown } from "../fields.ts";
import { type Database, describeTable } from "../store/database.ts";
import { batchGetItem, batchWriteItem } from "./batch-actions.ts";
import { deleteItem, type FindTable, getItem, putItem, updateItem } from "./item-actions.ts";
import { query, scan } from "./query-and-scan.ts";
import { createTable, deleteTable, listTables, updateTable } from "./table-actions.ts";
import {
  describeTimeToLive,
  listTagsOfResource,
  tagResource,
  untagResource,
  updateTimeToLive,
} from "./tag-actions.ts";
import { transactGetItems } from "./transactions.ts";

export const itemActions: Readonly<Record<string, (find: FindTable, input: Input) => Output>> = {
  BatchGetItem: batchGetItem,
  BatchWriteItem: batchWriteItem,
  DeleteItem: deleteItem,
  GetItem: getItem,
  PutItem: putItem,
  Query: query,
  Scan: scan,
  TransactGetItems: transactGetItems,
  UpdateItem: updateItem,
};

export const tableActions: Readonly<Record<string, (database: Database, input: Input, now: Date) => Output>> =
  {
    CreateTable: createTable,
    DeleteTable: deleteTable,
    DescribeTable(database, input) {
      requireKnown("DescribeTable", input, ["TableName"]);
      return { Table: describeTable(database.find(input.TableName)) };
    },
    DescribeTimeToLive: describeTimeToLive,
    ListTables: listTables,
    ListTagsOfResource: listTagsOfResource,
    TagResource: tagResource,
    UntagResource: untagResource,
    UpdateTable: updateTable,
    UpdateTimeToLive: updateTimeToLive,
  };
