/** What the product writes into a vector's metadata itself. */
const ownNames: readonly string[] = ["text", "content_hash"];

/** The name under which a column is kept: one that is called like what the product writes has another one (F29). */
export function metadataName(column: string): string {
  return ownNames.includes(column) ? `source_${column}` : column;
}
