/** Names of metadata that the product itself writes. */
const ownNames: readonly string[] = ["text", "content_hash"];

/** The metadata name of a column. A column whose name the product itself uses gets a prefix (F29). */
export function metadataName(column: string): string {
  return ownNames.includes(column) ? `source_${column}` : column;
}
