import type { Encoding } from "../requests/csv-form.ts";

/** Invalid UTF-8, so that the row reader rejects and names the row that contains it. */
const invalid = Buffer.from([0xff]);
const loneSurrogate = /\p{Surrogate}/u;

/** Bytes 0x80 to 0x9f of Windows-1252, with blanks for the five undefined ones. */
const upperControls = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";
const undefinedBytes = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);

/** The encoding that a byte order mark denotes, and the length of the mark. */
export function byteOrderMark(
  first: Uint8Array,
): { readonly encoding: Encoding; readonly length: number } | undefined {
  const [one, two, three] = first;
  if (one === 0xef && two === 0xbb && three === 0xbf) return { encoding: "utf-8", length: 3 };
  if (one === 0xff && two === 0xfe) return { encoding: "utf-16le", length: 2 };
  if (one === 0xfe && two === 0xff) return { encoding: "utf-16be", length: 2 };
  return undefined;
}

/** Converts a text to UTF-8. Bytes that are invalid in its encoding, and only these, become invalid UTF-8. */
export async function* asUtf8(
  pieces: AsyncIterable<Uint8Array>,
  encoding: Exclude<Encoding, "utf-8">,
): AsyncGenerator<Uint8Array> {
  if (encoding === "windows-1252") {
    for await (const piece of pieces) yield fromWindows1252(piece);
  } else yield* fromUtf16(pieces, encoding);
}

function fromWindows1252(piece: Uint8Array): Uint8Array {
  const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
  const parts: Uint8Array[] = [];
  let from = 0;
  bytes.forEach((byte, at) => {
    if (!undefinedBytes.has(byte)) return;
    parts.push(charactersOf(bytes.subarray(from, at)));
    from = at + 1;
  });
  return joined([...parts, charactersOf(bytes.subarray(from))]);
}

function charactersOf(bytes: Buffer): Uint8Array {
  const text = bytes.toString("latin1");
  return Buffer.from(
    text.replace(/[\u0080-\u009f]/g, (byte) => upperControls[byte.charCodeAt(0) - 0x80] ?? byte),
  );
}

async function* fromUtf16(
  pieces: AsyncIterable<Uint8Array>,
  encoding: "utf-16le" | "utf-16be",
): AsyncGenerator<Uint8Array> {
  let held = Buffer.alloc(0);
  for await (const piece of pieces) {
    const bytes = Buffer.concat([held, piece]);
    const units = bytes.subarray(0, wholeUnits(bytes, encoding));
    held = Buffer.from(bytes.subarray(units.length));
    yield encodedUnits(units, encoding);
  }
  if (held.length >= 2) yield encodedUnits(held.subarray(0, 2), encoding);
  if (held.length % 2 === 1) yield invalid;
}

/**
 * Length of the bytes that can be decoded on their own: without half a unit or the first half of a surrogate pair at
 * the end.
 */
function wholeUnits(bytes: Uint8Array, encoding: "utf-16le" | "utf-16be"): number {
  const whole = bytes.length - (bytes.length % 2);
  const upper = bytes[whole - (encoding === "utf-16le" ? 1 : 2)] ?? 0;
  return (upper & 0xfc) === 0xd8 ? whole - 2 : whole;
}

function encodedUnits(bytes: Buffer, encoding: "utf-16le" | "utf-16be"): Uint8Array {
  const text = (encoding === "utf-16le" ? bytes : Buffer.from(bytes).swap16()).toString("utf16le");
  if (text.isWellFormed()) return Buffer.from(text);
  return joined(text.split(loneSurrogate).map((part) => Buffer.from(part)));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [invalid, part])));
}
