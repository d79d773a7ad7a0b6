import { address, headerKey } from "./settings/forms.ts";
import { boolean, integer, optionalSecret, text } from "./settings/setting.ts";

/** The settings of merchant resolution; config.ts includes them. */
export const merchantsSettings = {
  enabled: boolean({
    default: false,
    means:
      "Find the merchant of each published receipt that has none: by similar receipts whose merchant is known, then by Google Places.",
    because: "It writes RECEIPT_METADATA and RECEIPT_PLACE items into your table, which only you can decide.",
  }),
  placesApiKey: optionalSecret({
    form: headerKey,
    means:
      "API key of Google Maps Platform with Places API (New); without one only similar receipts are looked at.",
    because: "Places cost money, and similar receipts do not.",
  }),
  placesBaseUrl: text({
    default: "https://places.googleapis.com",
    form: address,
    means: "Base URL of Google's Places API (New).",
    because: "It is Google's own URL.",
  }),
  usdPerDay: integer({
    default: 5,
    from: 0,
    to: 1_000_000,
    means:
      "Daily budget of Google Places (UTC) in USD; 0: no limit. Receipts beyond it wait for the next day.",
    because: "A mistaken export of a whole archive costs no more than this per day.",
  }),
  usdPerThousandPlaces: integer({
    default: 20,
    from: 0,
    to: 1_000,
    means: "USD per thousand places whose details are asked for. Searches ask for ids alone, which are free.",
    because: "It is Google's list price of details with a telephone number.",
  }),
  requestsPerMinute: integer({
    default: 600,
    from: 1,
    to: 1_000_000,
    means: "Requests per minute that all functions together may send to Google Places.",
    because: "It is Google's usual limit per method.",
  }),
  cacheDays: integer({
    default: 30,
    from: 1,
    to: 365,
    means: "Days for which an answer of Google Places is kept, by normalised telephone or name and address.",
    because: "Google's terms allow 30 days, and a shop seldom moves within them.",
  }),
  thresholdPercent: integer({
    default: 85,
    from: 50,
    to: 99,
    means:
      "Confidence from which on a merchant is written. Below, it is a proposal that `npm run merchants` lists.",
    because:
      "One agreement alone, but for a registration, stays below it, and any two reach it but the two weakest.",
  }),
  maximumConcurrency: integer({
    default: 2,
    from: 2,
    to: 1000,
    means: "Maximum concurrency of the function.",
    because: "It mostly waits for the search, which it should not crowd.",
  }),
};
