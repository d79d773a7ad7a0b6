/** Of a message that is stored in an item, shown or logged. Larger ones lose their item, and with it their cause (F32). */
export const maxMessageBytes = 2_048;

/** A message as it may be stored and shown: at most 2 KB, and where it is cut, how long it was and where the rest is. */
export function cutMessage(message: string, rest?: string): string {
  // UTF-8 has at most three bytes per UTF-16 unit: most messages need no count.
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
