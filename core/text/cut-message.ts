/**
 * Maximum size of a message that is stored in an item, shown or logged. A larger one could exceed the item size, and
 * the cause would be lost (F32).
 */
export const maxMessageBytes = 2_048;

/** Truncates a message to 2 KB. A truncated message states its full size and where to find the rest. */
export function cutMessage(message: string, rest?: string): string {
  // UTF-8 has at most three bytes per UTF-16 code unit, so most messages need no count.
  if (message.length * 3 <= maxMessageBytes) return message;
  const bytes = Buffer.byteLength(message);
  if (bytes <= maxMessageBytes) return message;
  const where = rest === undefined ? "" : `; all of it: ${rest}`;
  const end = ` ... (cut from ${bytes} bytes${where})`;
  const room = new Uint8Array(Math.max(0, maxMessageBytes - Buffer.byteLength(end)));
  // Writes whole characters only.
  const { read } = new TextEncoder().encodeInto(message, room);
  return message.slice(0, read) + end;
}
