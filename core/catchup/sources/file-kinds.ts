/** Kinds of files that are often named .csv, by their first bytes in hexadecimal. */
const kinds: readonly (readonly [string, RegExp])[] = [
  ["a zip archive or an Excel workbook", /^504b0[357]0[468]/],
  ["an old Excel workbook", /^d0cf11e0/],
  ["a PDF", /^25504446/],
  ["a Parquet file", /^50415231/],
  ["compressed by zstd (gzip is read)", /^28b52ffd/],
  ["compressed by bzip2 (gzip is read)", /^425a683[1-9]314159/],
  ["compressed by xz (gzip is read)", /^fd377a585a/],
  ["a SQLite database", /^53514c69746520/],
  ["UTF-32 (UTF-8 and UTF-16 are read)", /^(?:fffe0000|0000feff)/],
  [
    "UTF-16 without a byte order mark (send encoding=utf-16le or utf-16be, or save it as UTF-8)",
    /^(?:[^0].|.[^0])00|^00(?!00)/,
  ],
];

/** No header begins like this. Without this check the error would blame the quotes. */
const jsonStart = /^\ufeff?\s*(?:\{\s*"|\[\s*[{["])/;

/** The kind of a file whose first bytes show that it is not a CSV; otherwise undefined. */
export function foreignKind(first: Uint8Array): string | undefined {
  const bytes = Buffer.from(first.buffer, first.byteOffset, first.byteLength);
  const hex = bytes.toString("hex");
  const kind = kinds.find(([, mark]) => mark.test(hex))?.[0];
  return kind ?? (jsonStart.test(bytes.toString()) ? "JSON" : undefined);
}

/** The kind of a text whose header has none of the required columns; undefined if it could be a CSV. */
export function foreignText(header: string): string | undefined {
  const text = header.trimStart();
  if (/^[[{]/.test(text)) return "JSON";
  if (/^<[!?\w]/.test(text)) return "HTML or XML";
  return undefined;
}
