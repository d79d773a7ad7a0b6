import { changeMessageBody } from "../../../core/entities/change-message.ts";
import { metadataType } from "../../../core/receipts/vector-metadata.ts";
import { CompactionRig, deadLetterUrl, queueUrl } from "../../unit/collections/compaction-rig.ts";
import { itemsOf } from "../../unit/collections/receipt-items.ts";
import { deltaOf, wordDeltaOf } from "../../unit/collections/sample-deltas.ts";

jest.setTimeout(60_000);

const receipt = itemsOf(1);
const words = wordDeltaOf(1, "run", [
  ["MILK", "2.00"],
  ["TOTAL", "5.00"],
]);
const [milk = "", price = "", total = "", sum = ""] = words.ids;

let rig: CompactionRig;
afterEach(() => rig.stop());

const queued = () => rig.sqs.at(queueUrl).messages;

const compact = () => rig.compact();

/** Metadata of the published vectors, by id, without what embedding writes. */
async function known(...deltas: Parameters<CompactionRig["publishedVectors"]>[0]) {
  const base = new Set(Object.keys(words.metadatas[0] ?? {}));
  const vectors = await rig.publishedVectors(deltas);
  return Object.fromEntries(
    vectors.map(({ id, metadata }) => [
      id,
      Object.fromEntries(Object.entries(metadata).filter(([key]) => !base.has(key))),
    ]),
  );
}

const unvalidated = { label_status: "unvalidated" };

describe("changes of a receipt's items reach its words", () => {
  beforeEach(async () => {
    rig = await CompactionRig.start("words");
    await rig.embed(words, 1);
    await compact();
  });

  test("a word without labels is unvalidated, and nothing else is known of it", async () => {
    expect(await known(words)).toEqual({
      [milk]: unvalidated,
      [price]: unvalidated,
      [total]: unvalidated,
      [sum]: unvalidated,
    });
  });

  test("metadata comes, changes field by field and goes; F9: a field that is gone leaves the vectors", async () => {
    const shown = async () => Object.values(await known(words));
    const each = (merchant: object) => words.ids.map(() => ({ ...merchant, ...unvalidated }));
    rig.announce([await rig.put(receipt.metadata, { merchant_name: "CAFE", address: "1 High Street" })]);
    await compact();
    expect(await shown()).toEqual(each({ address: "1 High Street", merchant_name: "CAFE" }));

    rig.announce([await rig.put(receipt.metadata, { merchant_name: "BAR", place_id: "p" })]);
    await compact();
    expect(await shown()).toEqual(each({ merchant_name: "BAR", place_id: "p" }));

    rig.announce([await rig.remove(receipt.metadata)]);
    await compact();
    expect(await shown()).toEqual(each({}));
  });

  test("F9: removing one label leaves the word's other labels, and its state follows from those", async () => {
    rig.announce([
      await rig.put(receipt.label(2, 1, "TOTAL"), { validation_status: "VALID" }),
      await rig.put(receipt.label(2, 1, "TAX"), { validation_status: "INVALID" }),
      await rig.put(receipt.label(2, 1, "DATE"), { validation_status: "PENDING" }),
    ]);
    await compact();
    expect((await known(words))[total]).toEqual({
      label_status: "validated",
      label_TOTAL: true,
      label_TAX: false,
    });

    rig.announce([await rig.remove(receipt.label(2, 1, "TOTAL"))]);
    await compact();
    expect((await known(words))[total]).toEqual({ label_status: "auto_suggested", label_TAX: false });
    expect((await known(words))[milk]).toEqual(unvalidated);
  });

  test("many changes of one receipt cost one query", async () => {
    const factsOf = jest.spyOn(rig.items, "factsOf");
    for (const label of ["A", "B", "C", "D"]) {
      rig.announce([await rig.put(receipt.label(1, 1, label), { validation_status: "VALID" })]);
    }
    rig.announce([await rig.put(receipt.metadata, { merchant_name: "CAFE" })]);
    await rig.invoke(await rig.process());
    expect(factsOf).toHaveBeenCalledTimes(1);
    rig.sqs.reveal(queueUrl);
    await compact();
    expect((await known(words))[milk]).toMatchObject({ merchant_name: "CAFE", label_A: true, label_D: true });
  });

  test("RECEIPT_PLACE is shown instead of RECEIPT_METADATA, and its address under the key that both share", async () => {
    const canonical_merchant_name = "CAFE GROUP";
    rig.announce([
      await rig.put(receipt.metadata, { merchant_name: "CAFE", phone_number: "1", canonical_merchant_name }),
      await rig.put(receipt.place, { merchant_name: "CAFE", formatted_address: "1 High Street" }),
    ]);
    await compact();
    const shown = { ...unvalidated, merchant_name: "CAFE", address: "1 High Street" };
    expect((await known(words))[milk]).toEqual({ ...shown, canonical_merchant_name });
    rig.announce([await rig.put(receipt.place, { merchant_name: "BAR" })]);
    await compact();
    expect((await known(words))[milk]).toEqual({ ...unvalidated, merchant_name: "BAR" });
    rig.announce([await rig.remove(receipt.place)]);
    await compact();
    expect((await known(words))[milk]).toMatchObject({ merchant_name: "CAFE", phone_number: "1" });
  });

  test("a change that the collection shows already publishes nothing", async () => {
    rig.announce([await rig.put(receipt.metadata, { merchant_name: "CAFE" })]);
    await compact();
    const head = await rig.head();
    rig.announce([await rig.put(receipt.metadata, { merchant_name: "CAFE", reviewed: true }, 9_000)], {
      entities: new Set(["RECEIPT_METADATA"]),
      fields: { RECEIPT_METADATA: ["reviewed"] },
    });
    expect(queued()).toHaveLength(1);
    await rig.invoke(await rig.process());
    expect(queued()).toEqual([]);
    expect(await rig.head()).toBe(head);
  });

  test("a change that the collection shows already has a writer of bases keep the copy that it has", async () => {
    rig.announce([await rig.put(receipt.metadata, { merchant_name: "CAFE" })]);
    await compact();
    const parts = await rig.process({ writesBases: true });
    const copyTo = jest.spyOn(rig.generations, "copyTo");
    await rig.foldNow();
    const head = await rig.head();
    rig.announce([await rig.put(receipt.metadata, { merchant_name: "CAFE", reviewed: true }, 9_000)], {
      entities: new Set(["RECEIPT_METADATA"]),
      fields: { RECEIPT_METADATA: ["reviewed"] },
    });
    await rig.invoke(parts);
    expect(await rig.head()).toBe(head);
    rig.announce([await rig.put(receipt.metadata, { merchant_name: "BAR" })]);
    await rig.invoke(parts);
    expect((await known(words))[milk]).toMatchObject({ merchant_name: "BAR" });
    expect(copyTo.mock.calls.filter(([folder]) => folder === parts.workspace.folder)).toHaveLength(1);
  });

  test("F17: what is written has the type of its key, and a value of another type is put right", async () => {
    await rig.foldNow();
    const parts = await rig.process({ writesBases: true });
    const store = await parts.workspace.open(await rig.head());
    await store.updateMetadata(new Map([[total, { label_TOTAL: "true", merchant_name: 7 }]]));
    const open = jest.spyOn(parts.workspace, "open").mockResolvedValue(store);
    rig.announce([
      await rig.put(receipt.label(2, 1, "TOTAL"), { validation_status: "VALID" }),
      await rig.put(receipt.metadata, { merchant_name: "7" }),
    ]);
    while (queued().length > 0) {
      await rig.invoke(parts);
      rig.sqs.reveal(queueUrl);
    }
    open.mockRestore();
    for (const { metadata } of await rig.publishedVectors([words])) {
      for (const [key, value] of Object.entries(metadata)) {
        const type = metadataType(key);
        expect([key, typeof value]).toEqual([
          key,
          type === "str" ? "string" : type === "bool" ? "boolean" : "number",
        ]);
      }
    }
    expect((await known(words))[total]).toEqual({
      label_TOTAL: true,
      label_status: "validated",
      merchant_name: "7",
    });
  });

  test("F8: an item that does not fit its schema stands for nothing and stops nothing", async () => {
    await rig.put(receipt.label(2, 1, "TAX"), { validation_status: 7 });
    await rig.put(receipt.label(2, 1, "status"), { validation_status: "VALID" });
    rig.announce([await rig.put(receipt.label(2, 1, "TOTAL"), { validation_status: "VALID" })]);
    await compact();
    expect((await known(words))[total]).toEqual({ label_status: "validated", label_TOTAL: true });
  });

  test("F8: a message that cannot be read goes to the DLQ; the rest of its batch is applied", async () => {
    const bad = JSON.stringify({ entity_type: "RECEIPT_PAGE" });
    rig.sqs.at(queueUrl).send({ body: bad, groupId: "g", deduplicationId: "bad", attributes: {} });
    rig.announce([await rig.put(receipt.metadata, { merchant_name: "CAFE" })]);
    await compact();
    expect(rig.sqs.at(deadLetterUrl).messages.map(({ body }) => body)).toEqual([bad]);
    expect((await known(words))[milk]).toMatchObject({ merchant_name: "CAFE" });
  });

  test("F2: where the items of one receipt cannot be read, its messages are redelivered, and others are applied", async () => {
    const other = wordDeltaOf(2, "other", [["TEA"]]);
    await rig.embed(other, 2);
    await compact();
    rig.announce([
      await rig.put(receipt.metadata, { merchant_name: "CAFE" }),
      await rig.put(itemsOf(2).metadata, { merchant_name: "BAR" }),
    ]);
    const factsOf = rig.items.factsOf.bind(rig.items);
    const throttled = jest.spyOn(rig.items, "factsOf").mockImplementation(async (of, collection) => {
      if (of.imageId === words.imageId) throw new Error("throttled");
      return factsOf(of, collection);
    });
    expect(await rig.invoke(await rig.process())).toHaveLength(1);
    expect((await known(words, other))[other.ids[0] ?? ""]).toMatchObject({ merchant_name: "BAR" });
    throttled.mockRestore();
    rig.sqs.reveal(queueUrl);
    await compact();
    expect((await known(words, other))[milk]).toMatchObject({ merchant_name: "CAFE" });
  });
});

describe("what is known before the vectors come", () => {
  beforeEach(async () => {
    rig = await CompactionRig.start("words");
  });

  test("F10: a change that arrives before its vector shows when the vector's delta is merged", async () => {
    rig.announce([
      await rig.put(receipt.metadata, { merchant_name: "CAFE" }),
      await rig.put(receipt.label(2, 1, "TOTAL"), { validation_status: "VALID" }),
    ]);
    await compact();
    expect(await rig.head()).toBeUndefined();
    await rig.embed(words, 1);
    await compact();
    expect(await known(words)).toMatchObject({
      [milk]: { merchant_name: "CAFE", label_status: "unvalidated" },
      [total]: { merchant_name: "CAFE", label_status: "validated", label_TOTAL: true },
    });
  });

  test("F10: content that replaces other content shows what is known, and nothing that is not", async () => {
    rig.announce([await rig.put(receipt.label(1, 1, "TOTAL"), { validation_status: "VALID" })]);
    await rig.embed(words, 1);
    await compact();
    // The label is removed while its message is still in flight.
    await rig.remove(receipt.label(1, 1, "TOTAL"));
    const next = wordDeltaOf(1, "next", [["BREAD", "2.00"]]);
    await rig.embed(next, 2);
    await compact();
    expect(await known(next)).toEqual({ [milk]: unvalidated, [price]: unvalidated });
  });
});

describe("removals", () => {
  beforeEach(async () => {
    rig = await CompactionRig.start("words");
    for (const key of [
      receipt.receipt,
      receipt.line(1),
      receipt.line(2),
      receipt.word(1, 1),
      receipt.word(1, 2),
    ]) {
      await rig.put(key);
    }
    await rig.embed(words, 1);
    await compact();
  });

  const ids = async () => Object.keys(await known(words)).sort();

  test("of a word, of a line with its words, of the receipt", async () => {
    rig.announce([await rig.remove(receipt.word(1, 2))]);
    await compact();
    expect(await ids()).toEqual([milk, total, sum]);
    rig.announce([await rig.remove(receipt.line(2))]);
    await compact();
    expect(await ids()).toEqual([milk]);
    rig.announce([await rig.remove(receipt.receipt)]);
    await compact();
    expect(await ids()).toEqual([]);
    expect(await rig.runs.current(words)).toMatchObject({ state: "DELETED", runId: "run" });
  });

  test("in lines too, of a line and of the receipt", async () => {
    await rig.stop();
    rig = await CompactionRig.start("lines");
    const lines = deltaOf(1, "run", ["MILK 2.00", "TOTAL 5.00"]);
    for (const key of [receipt.receipt, receipt.line(1)]) await rig.put(key);
    await rig.embed(lines, 1);
    rig.announce([await rig.remove(receipt.line(1))]);
    await compact();
    expect(Object.keys(await known(lines))).toEqual([lines.ids[1]]);
    rig.announce([await rig.remove(receipt.receipt)]);
    await compact();
    expect(await known(lines)).toEqual({});
  });

  test("F11: what was created again in the same batch stays", async () => {
    rig.announce([await rig.remove(receipt.receipt), await rig.remove(receipt.line(1))]);
    await rig.put(receipt.receipt);
    await rig.put(receipt.line(1));
    await compact();
    expect(await ids()).toEqual(words.ids);
  });

  test("F11: a receipt that was exported again after its removal stays, whenever the removal is seen", async () => {
    const removal = await rig.remove(receipt.receipt, 5);
    await rig.embed(words, 6_000);
    rig.announce([removal]);
    await compact();
    expect(await ids()).toEqual(words.ids);
  });

  test("a removal in the second of the export counts as later: DynamoDB rounds its time down", async () => {
    await rig.embed(words, 5_400);
    rig.announce([await rig.remove(receipt.receipt, 5)]);
    await compact();
    expect(await ids()).toEqual([]);
  });

  test("a removed line stays away when the same run is merged again", async () => {
    rig.announce([await rig.remove(receipt.line(2))]);
    await compact();
    await rig.runs.reopen(words, 2);
    rig.send(words, "driven-again");
    await compact();
    expect(await ids()).toEqual([milk, price]);
    expect(await rig.stateOf(words)).toMatchObject({ state: "COMPLETED" });
  });

  test("newer content brings a removed line back", async () => {
    rig.announce([await rig.remove(receipt.line(2), 5)]);
    await compact();
    await rig.embed(words, 6_000);
    await compact();
    expect(await ids()).toEqual(words.ids);
  });

  test("a removal that is seen before its receipt's older content is honoured when that comes", async () => {
    const late = wordDeltaOf(2, "late", [["TEA", "1.00"]]);
    const items = itemsOf(2);
    await rig.put(items.word(1, 1));
    rig.announce([await rig.remove(items.word(1, 1), 5)]);
    await compact();
    await rig.embed(late, 4_000);
    await compact();
    expect(Object.keys(await known(words, late))).toContain(late.ids[1]);
    expect(Object.keys(await known(words, late))).not.toContain(late.ids[0]);
  });

  test("F2: a removal is recorded before its message goes, so a crash in between repeats it", async () => {
    rig.announce([await rig.remove(receipt.line(2))]);
    const dying = await rig.process({}, (step) => {
      if (step === "move head") throw new Error("killed");
    });
    await expect(rig.invoke(dying)).rejects.toThrow("killed");
    expect(queued().map(({ body }) => changeMessageBody.parse(JSON.parse(body)).entity_type)).toEqual([
      "RECEIPT_LINE",
    ]);
    rig.sqs.reveal(queueUrl);
    await compact();
    expect(await ids()).toEqual([milk, price]);
  });
});
