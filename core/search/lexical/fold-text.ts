/**
 * What two spellings of one text have in common: case, width (full-width letters and digits), diacritics and runs of
 * blanks are gone. "Ｃafé  AU lait" -> "cafe au lait".
 */
export function foldText(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .toLowerCase()
    .replace(/\s+/gu, " ")
    .trim();
}
