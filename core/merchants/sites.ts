/** Hosts with pages of many merchants; the path identifies the merchant. */
const shared =
  /(?:^|\.)(?:facebook|fb|instagram|twitter|tiktok|linktr|wa|wixsite|blogspot|wordpress|grab|google)\.[a-z]+$/;
/** Rows that name the receipt software or a survey. */
const ofOthers = /\b(?:powered|software|system|survey|pos)\b/iu;
const address =
  /(?:https?:\/\/)?((?:[a-z0-9-]+\.)+(?:com|net|org|biz|shop|co|info|my|sg|uk|de|fr|es|cn|eu|us|au)(?:\.[a-z]{2})?)(\/[\w./-]*)?(?![\w@])/giu;

/**
 * Returns the host of a web address without `www.`, plus the path if many merchants share the host; empty if the text
 * has no web address.
 */
export function siteKey(text: string): string {
  // OCR engines often read a space after a dot.
  const close = text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/\s*\.\s*/g, ".");
  for (const [, host = "", path = ""] of close.matchAll(address)) {
    const bare = host.replace(/^(?:www|m)\./, "");
    if (!shared.test(bare)) return bare;
    const page = path.replace(/\/+$/, "");
    if (page.length > 1) return bare.replace(/^(?:[a-z0-9-]+\.)+(?=[a-z0-9-]+\.)/, "") + page;
  }
  return "";
}

/**
 * Returns the web addresses in rows of a receipt. Skips rows with an email address, because its host may be that of a
 * provider.
 */
export function sitesIn(rows: readonly string[]): string[] {
  const keys = rows.filter((row) => !row.includes("@") && !ofOthers.test(row)).map(siteKey);
  return [...new Set(keys)].filter((key) => key !== "");
}
