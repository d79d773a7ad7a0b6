import fc from "fast-check";
import {
  addressRows,
  addressWords,
  hasPrinted,
  isPrintedAddress,
} from "../../../core/merchants/addresses.ts";
import { likeness } from "../../../core/merchants/fold-words.ts";
import { isSameName, nameKey, printedName } from "../../../core/merchants/names.ts";
import { isSamePhone, phoneKey, phonesIn } from "../../../core/merchants/phones.ts";
import { receiptWords } from "../../../core/merchants/receipt-words.ts";
import { registrationsIn } from "../../../core/merchants/registrations.ts";
import { siteKey, sitesIn } from "../../../core/merchants/sites.ts";

const digits = fc
  .array(fc.integer({ min: 0, max: 9 }), { minLength: 7, maxLength: 9 })
  .map((some) => some.join(""));

describe("telephones", () => {
  test.each([
    [["TEL : 03-78590861"], ["03-78590861"]],
    [["TEL: 03-3362 4395 FAX:03-3362 0000"], ["03-3362 4395"]],
    [["TEL/FAX : 603-7877 9712 (POS 3)"], ["603-7877 9712"]],
    [["电话 0100 0188 210"], ["0100 0188 210"]],
    [["(03) 8060 4233"], ["(03) 8060 4233"]],
    [["TEL. : 05.22.95.66.66"], ["05.22.95.66.66"]],
    [["ＴＥＬ：０３－８０６０ ４２３３"], ["03-8060 4233"]],
  ])("%j prints %j", (rows, phones) => expect(phonesIn(rows)).toEqual(phones));

  test.each([
    "02-01-2018 17:55",
    "DATE 02-01-2018",
    "GST NO : 000750673920",
    "TAX INVOICE NO: 10100023492",
    "SLIP NO. : 6030098553",
    "0000000011000140428",
    "FAX : 07-2514733",
    "MILK 016-7867868",
  ])("%j prints none", (row) => expect(phonesIn([row])).toEqual([]));

  test("a number is the same however it is written, with or without a country code", () => {
    fc.assert(
      fc.property(
        digits,
        fc.constantFrom(" ", "-", ".", ""),
        fc.integer({ min: 1, max: 6 }),
        (local, gap, at) => {
          const national = `7${local}`;
          const split = `0${national.slice(0, at)}${gap}${national.slice(at)}`;
          expect(isSamePhone(split, `0${national}`)).toBe(true);
          expect(isSamePhone(`+60 ${national}`, split)).toBe(true);
          expect(phoneKey(phoneKey(split))).toBe(phoneKey(split));
        },
      ),
    );
  });

  test("numbers that differ in a digit are two", () => {
    fc.assert(
      fc.property(digits, fc.nat({ max: 6 }), (local, at) => {
        const other = `${local.slice(0, at)}${(Number(local[at]) + 1) % 10}${local.slice(at + 1)}`;
        expect(isSamePhone(`07${local}`, `07${other}`)).toBe(false);
      }),
    );
  });
});

describe("registrations", () => {
  test.each([
    ["GST ID : 000750673920", ["000750673920"]],
    ["GST REG NO : 0016 6993 5104", ["001669935104"]],
    ["(81109-A)", ["81109A"]],
    ["BROADVIEW MARKETING SDN BHD(728384-M)", ["728384M"]],
    ["VAT REG GB 000 1122 33", ["GB000112233"]],
    ["TAX INVOICE NO : 138652", []],
    ["LOT 1851-A & 1851-B", []],
    ["GST @6%: $0.46", []],
    ["GST ID : 000000000000", []],
  ])("%j has %j", (row, keys) => expect(registrationsIn([row])).toEqual(keys));
});

describe("sites", () => {
  test.each([
    ["HTTP://WWW.SUPER7.COM.MY", "super7.com.my"],
    ["WWW. POPULAR . COM. MY", "popular.com.my"],
    ["https://m.facebook.com/B-Best-Restaurant/", "facebook.com/b-best-restaurant"],
    ["FACEBOOK.COM", ""],
    ["28.82", ""],
  ])("%j is %j", (row, key) => expect(siteKey(row)).toBe(key));

  test("neither a mailbox nor the maker of the till is the merchant's", () => {
    expect(sitesIn(["YONGTAT99@YAHOO.COM.MY", "POWERED BY WWW.MYSIS.COM.MY"])).toEqual([]);
  });
});

describe("names", () => {
  test.each([
    ["MR. D.I.Y. (M) SDN BHD", "Mr DIY Sdn. Bhd."],
    ["99 SPEED MART S/B", "99 Speed Mart"],
    ["#000002 BAIFU (M) SDN BHD", "Baifu"],
    ["FARMASI MALURI S/B (587969-U)", "Farmasi Maluri"],
    ["RSTORAN WAN SHENG", "RESTORAN WAN SHENG"],
    ["ＣＡＦＥ　ＭＯＣＨＡ", "Café Mocha"],
  ])("%j is %j", (one, other) => expect(isSameName(one, other)).toBe(true));

  test.each([
    ["MR. D.I.Y. (KUCHAI) SDN BHD", "MR. D.I.Y. (M) SDN BHD"],
    ["BHPETROL PERMAS JAYA 1", "BHPETROL PERMAS JAYA 2"],
    ["SDN BHD", "(M) SDN BHD"],
  ])("%j is not %j", (one, other) => expect(isSameName(one, other)).toBe(false));

  test("case, width and punctuation change no key", () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{3,8}$/), { minLength: 1, maxLength: 4 }), (words) => {
        expect(nameKey(words.join(" - ").toUpperCase())).toBe(nameKey(`(${words.join(", ")})`));
      }),
    );
  });

  test("a name is printed in one row, over several, or before a branch", () => {
    expect(
      printedName("Lian Chi Vegetarian Restaurant Sdn Bhd", [
        "TAX INVOICE",
        "LIAN CHI VEGETARIAN",
        "RESTAURANT SDN BHD",
      ]),
    ).toBe("LIAN CHI VEGETARIAN RESTAURANT SDN BHD");
    expect(printedName("Domino's Pizza", ["DOMINO'S PIZZA SEGAMBUT"])).toBe("DOMINO'S PIZZA SEGAMBUT");
  });

  test("a name is not printed by a longer word, nor by another company that begins with it", () => {
    expect(printedName("AEON", ["AEONIAN GOODS"])).toBeUndefined();
    expect(printedName("MR. D.I.Y.", ["MR. D.I.Y. (KUCHAI) SDN BHD"])).toBeUndefined();
    expect(printedName("TEA", ["TEA"])).toBeUndefined();
  });
});

describe("addresses", () => {
  test("a block begins at the door and ends before telephone, registration and date", () => {
    const rows = [
      "FIVE STAR",
      "G.23 & G.22, PLAZA SERI,",
      "NO.1 JALAN SS 9/1, 47300 PJ",
      "TEL: 03-7877 9712",
      "19/01/17 10:48",
    ];
    expect(addressRows(rows)).toEqual(rows.slice(1, 3));
    expect(addressRows(["DATE 30/03/2018", "GST NO 000610435072"])).toEqual([]);
  });

  const printed = ["NO.12, JLN TEMENGGUNG 19/9, SEK 9,", "BDR MAHKOTA CHERAS, 43200 CHERAS, SEL."];

  test("abbreviations, order and a misread letter change nothing", () => {
    expect(
      isPrintedAddress(
        "12 Jalan Temengung 19/9, Seksyen 9, Bandar Mahkota Cheras, 43200 Cheras, Selangor",
        printed,
      ),
    ).toBe(true);
    expect(isPrintedAddress("43200 Cheras, 12 Jalan Temenggung 19/9", printed)).toBe(true);
  });

  test("another door, another street and a town alone are other addresses", () => {
    expect(isPrintedAddress("14 Jalan Puteri 2/4, Bandar Mahkota Cheras, 43200 Cheras", printed)).toBe(false);
    expect(isPrintedAddress("Cheras, Selangor", printed)).toBe(false);
    expect(isPrintedAddress("Bandar Mahkota Cheras, Jalan Temenggung, Selangor", printed)).toBe(false);
  });

  test("a receipt may print the street alone, but not another door of it", () => {
    const address = "59 Canal Street, Port Elswick EL4 2QT";
    expect(hasPrinted(address, ["59 CANAL ST"])).toBe(true);
    expect(hasPrinted(address, ["61 CANAL ST"])).toBe(false);
    expect(hasPrinted(address, ["CANAL STREET"])).toBe(false);
    expect(hasPrinted(address, [])).toBe(false);
  });

  test("an address is printed by itself, whatever its order", () => {
    const word = fc.stringMatching(/^[a-z]{5,9}$/);
    const address = fc.tuple(
      fc.integer({ min: 1, max: 99999 }),
      fc.uniqueArray(word, { minLength: 4, maxLength: 8 }),
    );
    fc.assert(
      fc.property(address, ([door, words]) => {
        fc.pre(addressWords(words.join(" ")).length >= 4);
        expect(
          isPrintedAddress(`${door} ${words.join(" ")}`, [words.toReversed().join(", "), String(door)]),
        ).toBe(true);
      }),
    );
  });
});

test("likeness is a share, the same both ways, and 1 only of equal texts with their pairs in common", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 30 }), fc.string({ maxLength: 30 }), (one, other) => {
      const share = likeness(one, other);
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThanOrEqual(1);
      expect(likeness(other, one)).toBe(share);
      expect(likeness(one, one)).toBe(1);
    }),
  );
});

test("what OCR extracted comes before what patterns find", () => {
  const rows = ["THE SHOP", "12 CANAL STREET", "TEL 03-1111 1111"];
  const words = receiptWords(rows, [
    { type: "phone", value: "03-2222 2222" },
    { type: "address", value: "13 Canal Street" },
    { type: "url", value: "www.theshop.com" },
  ]);
  expect(words).toMatchObject({
    phones: ["03-2222 2222", "03-1111 1111"],
    address: ["13 Canal Street"],
    sites: ["theshop.com"],
  });
  expect(receiptWords(rows)).toMatchObject({
    phones: ["03-1111 1111"],
    address: ["12 CANAL STREET"],
    sites: [],
  });
});
