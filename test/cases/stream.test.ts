import { NumberValue } from "@aws-sdk/lib-dynamodb";
import { sortRecords } from "../../core/changes/sort-records.ts";
import { whole } from "../../core/changes/watched.ts";
import { CompactionRig, type ItemKey } from "../unit/collections/compaction-rig.ts";
import { itemsOf } from "../unit/collections/receipt-items.ts";
import { wordDeltaOf } from "../unit/collections/sample-deltas.ts";
import { testCases } from "./reported-cases.ts";

jest.setTimeout(120_000);

let rig: CompactionRig;
beforeEach(async () => {
  rig = await CompactionRig.start("words");
});
afterEach(() => rig.stop());

const word = wordDeltaOf(1, "run-1", [["TOTAL"]]);
const items = itemsOf(1);
const label = (name: string) => items.label(1, 1, name);
const manyDigits = "12345678901234567890123456789012345678";

const oddNames = [
  "a.b$c d",
  "\u00dcberschuss \ud83e\uddfe",
  "__proto__",
  "chroma:document",
  "X".repeat(300),
  "NUL\u0000inside",
];
const valid = { validation_status: "VALID" };

/** Everything that the case lists. */
const put: readonly (readonly [ItemKey, Record<string, unknown>])[] = [
  [
    label("DIGITS"),
    {
      ...valid,
      n: NumberValue.from(manyDigits),
      huge: NumberValue.from("1.1E38"),
      small: NumberValue.from("0.12345678901234567890123456789012345678"),
    },
  ],
  ...oddNames.map((name) => [label(name), { ...valid, label: name }] as const),
  [
    label("NESTED"),
    {
      ...valid,
      tags: new Set(["a", "b"]),
      scan: new Uint8Array([1, 2]),
      note: null,
      more: { of: [{ it: [1] }] },
    },
  ],
  [label("TOTAL"), { ...valid, label: "DATE" }],
  [
    items.metadata,
    {
      merchant_name: 'CAF\u00c9\u0000\\"\u0001\uffff',
      canonical_merchant_name: "c".repeat(70_000),
      phone_number: "   ",
    },
  ],
  [{ PK: items.metadata.PK, SK: `${items.metadata.SK}#2` }, { merchant_name: "SECOND" }],
];

testCases({
  async "64-stream-odd-items"() {
    await rig.embed(word);
    const records = [];
    for (const [key, attributes] of put) records.push(await rig.put(key, attributes));
    const { boxes, malformed } = sortRecords(records, whole);
    expect(malformed.map(({ sk }) => sk)).toEqual([label("TOTAL").SK, `${items.metadata.SK}#2`]);
    expect(boxes.rejected.messages.map(({ body }) => JSON.parse(body).reason)).toEqual([
      expect.stringContaining("it is DATE, and the key names TOTAL"),
      expect.stringContaining("matches no known key"),
    ]);

    rig.announce(records);
    // As a deployment shows them: first in a segment, and then in a base.
    await rig.invoke(await rig.process({ foldVectors: 100 }), 20);
    await hasOddLabels();
    await rig.foldNow();
    await hasOddLabels();
    expect(rig.sqs.at(rig.queues.deadLetters).messages).toEqual([]);
  },
});

async function hasOddLabels(): Promise<void> {
  const [vector] = await rig.publishedVectors([word]);
  const labels = ["DIGITS", ...oddNames, "NESTED"].map((name) => [`label_${name}`, true]);
  expect(vector?.metadata).toMatchObject({
    ...Object.fromEntries(labels),
    label_status: "validated",
    merchant_name: 'CAF\u00c9\u0000\\"\u0001\uffff',
    // A field that is too long to be shown on every vector shows its beginning, and the log says so.
    canonical_merchant_name: "c".repeat(4_096),
  });
  expect(Object.keys(vector?.metadata ?? {})).not.toContain("phone_number");
  expect(Object.keys(vector?.metadata ?? {})).not.toContain("label_TOTAL");
}
