/** The kinds of rows on a receipt. */
export const rowKinds = [
  "total",
  "tax",
  "payment",
  "change",
  "discount",
  "phone",
  "address",
  "date",
  "item",
] as const;
export type RowKind = (typeof rowKinds)[number];

/** Words in English, Malay, Chinese, German, French and Spanish, as printed on receipts. */
const printed: Readonly<Record<Exclude<RowKind, "item" | "date">, RegExp>> = {
  total:
    /\b(?:grand |net |nett |rounded )?total\b|amount (?:due|payable)|\bamt due\b|balance due|\bto pay\b|\bjumlah\b|\bgesamt(?:betrag)?\b|\bsumme\b|\bmontant\b|\bimporte\b|合计|合計|总计|總計|总额|應付|应付/iu,
  tax: /\btax\b|\bgst\b|\bsst\b|\bvat\b|\bcukai\b|\bmwst\b|\bust\b|\btva\b|\biva\b|税|稅/iu,
  payment:
    /\bcash\b|\bvisa\b|master ?card|\bdebit\b|credit card|\bamex\b|\bcard\b|\bpaid\b|\btender(?:ed)?\b|\btunai\b|\bbar\b|\bcarte\b|\btarjeta\b|现金|現金|支付|微信|支付宝/iu,
  change: /\bchange\b|\bbaki\b|rückgeld|\brendu\b|\bcambio\b|找零|找赎/iu,
  discount: /\bdisc(?:ount)?\b|\bdiskaun\b|\brabatt\b|\bremise\b|\bdescuento\b|折扣|优惠/iu,
  phone: /\btel\b|\btelephone\b|\bphone\b|\bh\/?p\b|\bmobile\b|\btelefon\b|电话|電話/iu,
  address:
    /\bjalan\b|\bjln\b|\btaman\b|\blorong\b|\bstreet\b|\bst\.|\broad\b|\brd\b|\bavenue\b|\bave\b|\blane\b|stra(?:ß|ss)e|\brue\b|\bcalle\b|\bkuala lumpur\b|\bselangor\b|\bjohor\b|路|街/iu,
};

/** Rows with the word "total" that do not contain the amount to pay. */
const otherTotals =
  /\b(?:sub[ -]?total|total[ :]*(?:qty|quantity|items?|pcs|points?|disc\w*|savings?|saved|gst|tax|sst)|qty|items?)\b|\bexclu?d?\w*|\(ex\)|小计|小計|jumlah kecil/iu;

/** Identifies the amount to pay among several totals on a receipt. */
const finalTotal =
  /amount (?:due|payable)|\bamt due\b|balance due|\bto pay\b|\b(?:grand|nett?|rounded) total\b/iu;

/** Whether a row contains the amount to pay, if a receipt prints several totals. */
export function isFinalTotal(text: string): boolean {
  return finalTotal.test(text);
}

/** Words that ask for a kind, longest first within each. */
const asked: readonly (readonly [RegExp, RowKind])[] = [
  [
    /\bhow much (?:did (?:i|we) (?:pay|spend)|was (?:it|the bill|charged)|(?:is|was) the total)(?: (?:at|in|for))?\b|\bwhat did (?:i|we) (?:pay|spend)(?: (?:at|in))?\b|\b(?:grand |final )?total(?: amount| price| paid)?(?: (?:at|in|of|from))?\b|\bamount (?:paid|due)(?: (?:at|to))?\b|\bberapa (?:jumlah|bayar)(?: di)?\b|\bjumlah(?: di)?\b|多少钱|总共|合计|总计/iu,
    "total",
  ],
  [
    /\bwhen (?:was|were|did) (?:i|we) (?:at|in|shop at|go to|visit)\b|\bwhen (?:did (?:i|we) (?:buy|eat|pay)|was)(?: (?:at|in))?\b|\b(?:what )?date(?: (?:of|at|from))?\b|\bwhen\b|\btarikh\b|\bbila\b|日期|什么时候/iu,
    "date",
  ],
  [/\bhow much (?:tax|gst|sst|vat)\b|\b(?:tax|gst|sst|vat|cukai)(?: (?:paid|amount|at|of))*\b|税/iu, "tax"],
  [
    /\bhow (?:did|was) (?:i|we|it) (?:pay|paid)\b|\bpaid (?:by|with|in)\b|\bpayment(?: method)?\b|付款/iu,
    "payment",
  ],
  [/\b(?:money |cash )?(?:change|given back|returned money)(?: (?:at|from))?\b|\bbaki\b|找零/iu, "change"],
  [/\bdiscounts?\b|\bdiskaun\b|折扣/iu, "discount"],
  [/\b(?:tele)?phone(?: number)?(?: (?:of|at))?\b|\btel\b|电话/iu, "phone"],
  [/\baddress(?: (?:of|for))?\b|\bwhere is\b|\balamat\b|地址/iu, "address"],
];

/** The kinds of a row, by the words it contains. A row that matches nothing else is an item. */
export function kindsOfRow(text: string, days: number): ReadonlySet<RowKind> {
  const kinds = new Set<RowKind>();
  for (const [kind, form] of Object.entries(printed) as [RowKind, RegExp][]) {
    if (form.test(text)) kinds.add(kind);
  }
  if (otherTotals.test(text)) kinds.delete("total");
  if (days > 0) kinds.add("date");
  if (kinds.size === 0) kinds.add("item");
  return shared(kinds);
}

const known = new Map<string, ReadonlySet<RowKind>>();

/** One set for all rows of the same kinds: there are few combinations, and a separate set takes 150 bytes per row. */
function shared(kinds: ReadonlySet<RowKind>): ReadonlySet<RowKind> {
  const name = [...kinds].join();
  const same = known.get(name) ?? kinds;
  known.set(name, same);
  return same;
}

export interface AskedFor {
  readonly kinds: ReadonlySet<RowKind>;
  /** The question without the words that ask for kinds. */
  readonly rest: string;
}

/** The kinds that a question asks for, by fixed word lists, and the rest of the question. */
export function kindsAskedFor(question: string): AskedFor {
  const kinds = new Set<RowKind>();
  let rest = question;
  for (const [form, kind] of asked) {
    const without = rest.replace(form, " ");
    if (without === rest) continue;
    kinds.add(kind);
    rest = without;
  }
  return { kinds, rest: rest.replace(/\s+/g, " ").trim() };
}
