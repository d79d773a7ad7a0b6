import { terminalText } from "../terminal-text.ts";
import type { LogLine } from "./read-logs.ts";

/** Fields of every line that add nothing to its function and time. */
const repeated = new Set([
  "level",
  "message",
  "timestamp",
  "service",
  "cold_start",
  "function_arn",
  "function_memory_size",
  "function_name",
  "function_request_id",
  "sampling_rate",
  "xray_trace_id",
]);

/**
 * Formats a line for people: time, function, level, message and fields. Lines that are not JSON of the product are
 * shown unchanged.
 */
export function lineOf({ at, group, message }: LogLine): string {
  const start = `${new Date(at).toISOString()} ${group}`;
  const fields = fieldsOf(message);
  if (fields?.message === undefined) return `${start} ${terminalText(message)}`;
  const others = Object.entries(fields)
    .filter(([name]) => !repeated.has(name))
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  return [start, fields.level ?? "", fields.message, ...others]
    .map((part) => terminalText(String(part)))
    .join(" ");
}

function fieldsOf(message: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(message);
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
