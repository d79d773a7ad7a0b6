import { amountsIn } from "../../../../core/receipts/typed/amounts.ts";
import { daysIn } from "../../../../core/receipts/typed/dates.ts";
import { isFinalTotal, kindsAskedFor, kindsOfRow } from "../../../../core/receipts/typed/row-kinds.ts";

test.each([
  ["14/03/2025 09:41", "2025-03-14"],
  ["DATE 2025-02-08", "2025-02-08"],
  ["05-JAN-2017", "2017-01-05"],
  ["19 APRIL 2025", "2025-04-19"],
  ["April 19, 2025", "2025-04-19"],
  ["11.02.18 14:08", "2018-02-11"],
  ["12/25/2017", "2017-12-25"],
  ["12 Ogos 2018", "2018-08-12"],
  ["日期 2025年8月21日", "2025-08-21"],
])("the date of %s is %s", (text, day) => {
  expect(daysIn(text)).toEqual([day]);
});

test.each(["31/02/2025", "TEL 07-8263254", "HD03-04-06 - 5/40/160", "99/99/9999", "12:30:45"])(
  "%s is no date",
  (text) => {
    expect(daysIn(text)).toEqual([]);
  },
);

test("amounts have two decimals, whatever separates their thousands", () => {
  expect(amountsIn("RM1,234.50 2 x 3.20 12,90 0.864 KG")).toEqual([123450, 320, 1290]);
  expect(amountsIn("11.02.18 A417 07-826.32.54")).toEqual([]);
});

test.each([
  ["TOTAL 28.82", "total"],
  ["JUMLAH RM 30.53", "total"],
  ["合计 75.00", "total"],
  ["GST 6% 1.28", "tax"],
  ["BAKI 19.47", "change"],
  ["CONTACTLESS VISA 28.82", "payment"],
  ["TEL 0155 014 220", "phone"],
  ["NO 2A JALAN COCHRANE", "address"],
])("the row %s says: %s", (text, kind) => {
  expect(kindsOfRow(text, 0)).toContain(kind);
});

test.each(["SUB-TOTAL 26.20", "TOTAL QTY: 29", "TOTAL POINTS: 0.00", "TOTAL GST 6%", "小计 78.00"])(
  "%s is no total that is paid",
  (text) => {
    expect(kindsOfRow(text, 0)).not.toContain("total");
  },
);

test("of several totals, the one that is due is the last word", () => {
  expect(["AMOUNT DUE 57.92", "GOODS TOTAL 60.97"].map(isFinalTotal)).toEqual([true, false]);
});

test.each([
  ["how much did I pay at Corner Cafe", "total", "Corner Cafe"],
  ["when was I at Corner Cafe", "date", "Corner Cafe"],
  ["phone number of Corner Cafe", "phone", "Corner Cafe"],
  ["jumlah di Kedai Senja", "total", "Kedai Senja"],
])("%s asks for the %s of %s", (question, kind, rest) => {
  expect(kindsAskedFor(question)).toEqual({ kinds: new Set([kind]), rest });
});

test("a question without such words asks for nothing in particular", () => {
  expect(kindsAskedFor("oat latte")).toEqual({ kinds: new Set(), rest: "oat latte" });
});
