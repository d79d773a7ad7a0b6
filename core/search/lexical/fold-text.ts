/**
 * Normalises a text for comparison: removes differences in case, width (full-width letters and digits) and diacritics,
 * and collapses whitespace. "Ｃafé AU lait" -> "cafe au lait".
 */
export function foldText(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .toLowerCase()
    .replace(/\s+/gu, " ")
    .trim();
}
