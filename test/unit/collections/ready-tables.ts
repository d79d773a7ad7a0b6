import { setTimeout as sleep } from "node:timers/promises";
import { ResourceNotFoundException } from "@aws-sdk/client-dynamodb";
import { Tables } from "../runs/tables.ts";

/** Tables that can be used at once: a table that was just made takes a moment to become active. */
export async function startTables(): Promise<Tables> {
  const tables = await Tables.start();
  for (const table of [tables.receiptsTable, tables.controlTable]) {
    while (!(await isActive(tables, table))) await sleep(5);
  }
  return tables;
}

async function isActive(tables: Tables, table: string): Promise<boolean> {
  try {
    await tables.items(table);
    return true;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return false;
    throw error;
  }
}
