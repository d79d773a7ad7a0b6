import type { FactFields } from "../../../core/entities/known-items.ts";
import { isAsResolved, resolvedReasoning, shownMerchant } from "../../../core/entities/shown-merchant.ts";

const metadata: FactFields = { merchant_name: "Shop", phone_number: "1", canonical_merchant_name: "SHOP" };
const place: FactFields = { merchant_name: "Shop", address: "1 High Street" };
const canonical = { canonical_merchant_name: "SHOP" };

/** What is shown of both items. */
const both = (RECEIPT_PLACE: FactFields, RECEIPT_METADATA: FactFields, isAsFound = false) =>
  shownMerchant({ RECEIPT_PLACE, RECEIPT_METADATA }, isAsFound);

describe("of the two items about a merchant", () => {
  test("one alone is shown, and none says nothing", () => {
    expect(shownMerchant({ RECEIPT_PLACE: place }, true)).toBe(place);
    expect(shownMerchant({ RECEIPT_METADATA: metadata }, false)).toBe(metadata);
    expect(shownMerchant({}, false)).toEqual({});
  });

  test("the place is shown as a whole, with the canonical name of the same merchant", () => {
    expect(both(place, metadata)).toEqual({ ...place, ...canonical });
    expect(both({ ...place, merchant_name: "Other" }, metadata)).toEqual({
      ...place,
      merchant_name: "Other",
    });
    const here = { place_id: "p" };
    expect(both({ ...place, ...here, merchant_name: "S." }, { ...metadata, ...here })).toMatchObject(
      canonical,
    );
  });

  test("a place that is still as it was found yields to metadata", () => {
    expect(both(place, metadata, true)).toBe(metadata);
  });

  test("one that names no merchant yields", () => {
    expect(both({ address: "1 High Street" }, metadata)).toBe(metadata);
    expect(both(place, { phone_number: "1" }, true)).toBe(place);
    expect(both(place, canonical, true)).toBe(canonical);
  });
});

test("a place is as it was found while its facts are those that its reasoning was written with, in any order", () => {
  const reasoning = resolvedReasoning(place, "name Shop");
  expect(isAsResolved(reasoning, { address: "1 High Street", merchant_name: "Shop" })).toBe(true);
  expect(isAsResolved(reasoning, { ...place, phone_number: "2" })).toBe(false);
  expect(isAsResolved("by hand", place)).toBe(false);
  expect(isAsResolved(undefined, place)).toBe(false);
});
