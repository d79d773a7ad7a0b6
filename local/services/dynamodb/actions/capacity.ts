import type { Input } from "../fields.ts";

/** Returns the capacity that ReturnConsumedCapacity requests; empty if it requests none. */
export function consumedCapacity(
  { ReturnConsumedCapacity: asked }: Input,
  tableName: string,
  units: number,
): { ConsumedCapacity?: object } {
  if (asked !== "TOTAL" && asked !== "INDEXES") return {};
  return { ConsumedCapacity: capacityOf(tableName, units, asked) };
}

export function capacityOf(TableName: string, CapacityUnits: number, asked: unknown): object {
  return { TableName, CapacityUnits, ...(asked === "INDEXES" ? { Table: { CapacityUnits } } : {}) };
}

export function writeUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / 1024));
}

export function readUnits(bytes: number, consistent: boolean): number {
  return Math.max(1, Math.ceil(bytes / 4096)) / (consistent ? 1 : 2);
}
