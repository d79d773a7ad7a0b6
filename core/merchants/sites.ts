/** Hosts on which many merchants have a page; the path names the merchant. */
const shared =
  /(?:^|\.)(?:facebook|fb|instagram|twitter|tiktok|linktr|wa|wixsite|blogspot|wordpress|grab|google)\.[a-z]+$/;
/** Of programs that print receipts, and of surveys. */
const ofOthers = /\b(?:powered|software|system|survey|pos)\b/iu;
const address =
  /(?:https?:\/\/)?((?:[a-z0-9-]+\.)+(?:com|net|org|biz|shop|co|info|my|sg|uk|de|fr|es|cn|eu|us|au)(?:\.[a-z]{2})?)(\/[\w./-]*)?(?![\w@])/giu;

/** The host of a web address without `www.`, with the path where many merchants share the host; empty for what is none. */
export function siteKey(text: string): string {
  // Engines read a blank after each dot.
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

/** The web addresses in rows of a receipt. The address of a mailbox is one of its host only where that is not a provider's. */
export function sitesIn(rows: readonly string[]): string[] {
  const keys = rows.filter((row) => !row.includes("@") && !ofOthers.test(row)).map(siteKey);
  return [...new Set(keys)].filter((key) => key !== "");
}
