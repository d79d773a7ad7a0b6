import { hasPrinted, isPrintedAddress } from "./addresses.ts";
import type { Evidence, MerchantFacts } from "./candidate.ts";
import { printedName } from "./names.ts";
import { isSamePhone, phonesIn } from "./phones.ts";
import type { ReceiptWords } from "./receipt-words.ts";
import { registrationsIn } from "./registrations.ts";
import { siteKey, sitesIn } from "./sites.ts";

/**
 * Returns the evidence that a receipt is of a merchant: what it shares with the merchant's facts and with rows of the
 * merchant's receipts.
 */
export function agreement(
  words: ReceiptWords,
  facts: MerchantFacts,
  rows: readonly string[] = [],
): Evidence[] {
  const phones = [...(facts.phone_number === undefined ? [] : [facts.phone_number]), ...phonesIn(rows)];
  const sites = new Set([siteKey(facts.website ?? ""), ...sitesIn(rows)]);
  const registrations = new Set(registrationsIn(rows));
  const { address = "" } = facts;
  const hasAddress =
    isPrintedAddress(address, words.head) ||
    isPrintedAddress(address, words.address) ||
    hasPrinted(address, words.address);
  const printed = {
    registration: words.registrations.find((key) => registrations.has(key)),
    phone: words.phones.find((one) => phones.some((other) => isSamePhone(one, other))),
    site: words.sites.find((key) => sites.has(key)),
    name:
      printedName(facts.canonical_merchant_name ?? "", words.head) ??
      printedName(facts.merchant_name, words.head),
    address: hasAddress ? words.address.join(" ") || facts.address : undefined,
  };
  return Object.entries(printed).flatMap(([kind, text]) =>
    text === undefined ? [] : [{ kind: kind as Evidence["kind"], printed: text }],
  );
}
