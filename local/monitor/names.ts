import { randomBytes } from "node:crypto";

/** `given`, or the logical name with Pulumi's seven random characters. */
export function physicalName(given: unknown, logicalName: string): string {
  return typeof given === "string" ? given : `${logicalName}-${randomBytes(4).toString("hex").slice(0, 7)}`;
}

/** An id as EC2 and EFS give them, for example `subnet-0a1b2c3d4e5f60718`. */
export function cloudId(prefix: string): string {
  return `${prefix}-${randomBytes(9).toString("hex").slice(0, 17)}`;
}
