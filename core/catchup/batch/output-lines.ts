/** A line longer than the limit has no text. */
export type OutputLine = string | undefined;

const newline = 0x0a;

/**
 * The lines of a stream of bytes. Holds one line at a time, and of a longer line than `maxBytes` nothing. The last line
 * may have no line end.
 */
export async function* linesIn(
  parts: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<OutputLine> {
  let held: Uint8Array[] = [];
  let bytes = 0;
  const hold = (part: Uint8Array) => {
    bytes += part.length;
    if (bytes > maxBytes) held = [];
    else held.push(part);
  };
  const take = (): OutputLine => {
    const line = bytes > maxBytes ? undefined : Buffer.concat(held).toString();
    held = [];
    bytes = 0;
    return line;
  };
  for await (const part of parts) {
    let start = 0;
    for (let end = part.indexOf(newline); end >= 0; end = part.indexOf(newline, start)) {
      hold(part.subarray(start, end));
      start = end + 1;
      yield take();
    }
    hold(part.subarray(start));
  }
  if (bytes > 0) yield take();
}
