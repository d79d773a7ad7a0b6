import { createHash, randomBytes } from "node:crypto";

/** `given`, or the logical name with seven characters as Pulumi adds them; always the same ones, as a stack may go on. */
export function physicalName(given: unknown, logicalName: string): string {
  return typeof given === "string" ? given : `${logicalName}-${digest(logicalName).slice(0, 7)}`;
}

/** An id that is the same in a stack that is continued with --keep. */
export function lastingId(prefix: string, logicalName: string): string {
  return `${prefix}-${digest(logicalName).slice(0, 17)}`;
}

/** An id as EC2 and EFS give them, for example `subnet-0a1b2c3d4e5f60718`. */
export function cloudId(prefix: string): string {
  return `${prefix}-${randomBytes(9).toString("hex").slice(0, 17)}`;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
