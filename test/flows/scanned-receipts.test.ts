import { SearchClient } from "../../cli/search-client.ts";
import { type Collection, collections } from "../../contract/collections.ts";
import { exportFolders } from "../../core/ingest/export-folder.ts";
import { receiptKey, receiptOfVector } from "../../core/receipts/receipt.ts";
import { type ExpectedVectors, expectedVectors } from "../../local/start/expected-vectors.ts";
import { eventually } from "./eventually.ts";
import { noMessageIsLeft } from "./looking.ts";
import { publishedMetadata } from "./published.ts";
import { keysOf, put } from "./receipt-items.ts";
import { RunningStack } from "./running-stack.ts";
import { type ScannedReceipt, scannedReceipts, scansArePresent } from "./scanned-receipts.ts";
import { completed } from "./sending.ts";

/** `npm run test:receipts` takes all; embedding them is minutes of work. */
const all = process.env.RECEIPTS === "all";
const few = 6;

jest.setTimeout((all ? 30 : 5) * 60_000);

const questions = ["total amount", "cash and change", "thank you, please come again", "telephone"];
const maxHits = 100;

const withScans = scansArePresent ? describe : describe.skip;

withScans("the merchants of scanned receipts (skipped where ../shared/data/receipts is absent)", () => {
  let stack: RunningStack;
  let search: SearchClient;
  let receipts: readonly ScannedReceipt[];
  let expected: ExpectedVectors;
  /** By receipt; without an entry where nobody could read it. */
  let merchants: Map<string, string>;

  beforeAll(async () => {
    receipts = await scannedReceipts(all ? Number.POSITIVE_INFINITY : few);
    expected = await expectedVectors(receipts);
    stack = await RunningStack.start();
    Object.assign(process.env, stack.environment);
    search = await SearchClient.of(stack.outputs);
    const { failures } = await exportFolders(receipts, { ...stack, ...stack.outputs }, () => {});
    expect(failures).toEqual([]);
    for (const receipt of receipts) await completed(stack, receipt);
  });

  afterAll(async () => {
    await stack?.stop();
  });

  /** Writes the merchant of each receipt, and waits until every change is published. */
  async function name(merchantOf: (company: string) => string): Promise<void> {
    merchants = new Map();
    let last = "";
    for (const receipt of receipts) {
      if (receipt.company === undefined) continue;
      last = merchantOf(receipt.company);
      await put(stack, keysOf(receipt).metadata, { merchant_name: last });
      merchants.set(receiptKey(receipt), last);
    }
    // The stream keeps its order, so all that was written before is in the queues at least.
    await eventually(120, async () => expect((await linesOf(last)).length).toBeGreaterThan(0));
    await noMessageIsLeft(stack);
  }

  async function linesOf(merchant: string, text = "total"): Promise<string[]> {
    const { hits } = await search.ask({
      text,
      collection: "lines",
      k: maxHits,
      merchant,
      mode: "dense",
      group: "line",
    });
    return hits.map(({ id }) => id);
  }

  /** Every published vector has the merchant of its receipt, and no vector is missing. */
  async function isPublishedExactly(collection: Collection): Promise<void> {
    const published = await publishedMetadata(stack, collection, receipts);
    const shown = [...published].map(([id, { merchant_name }]) => [id, merchant_name] as const);
    const truth = [...expected.ids[collection]].map(
      (id) => [id, merchants.get(receiptOfVector(id))] as const,
    );
    expect(new Map(shown)).toEqual(new Map(truth));
  }

  /** Whatever is asked of a merchant's lines, the answer is of its lines, and as many as there are. */
  async function isFoundExactly(merchant: string): Promise<void> {
    const its = [...expected.ids.lines].filter((id) => merchants.get(receiptOfVector(id)) === merchant);
    for (const question of questions) {
      const found = await linesOf(merchant, question);
      expect(found.filter((id) => !its.includes(id))).toEqual([]);
      expect(found).toHaveLength(Math.min(maxHits, its.length));
    }
  }

  test("a search under a merchant finds lines of its receipts only", async () => {
    await name((company) => company);
    for (const collection of collections) await isPublishedExactly(collection);
    expect(new Set(merchants.values()).size).toBeGreaterThan(2);
    for (const merchant of new Set(merchants.values())) await eventually(30, () => isFoundExactly(merchant));
  });

  test("after a rename it finds them under the new name only, and those of the others as before", async () => {
    const companies = [...new Set(receipts.flatMap(({ company }) => company ?? []))];
    const renamed = new Set(companies.filter((_, index) => index % 2 === 0));
    await name((company) => (renamed.has(company) ? `${company}, under new management` : company));
    for (const collection of collections) await isPublishedExactly(collection);
    for (const merchant of new Set(merchants.values())) await eventually(30, () => isFoundExactly(merchant));
    for (const company of renamed) expect(await linesOf(company)).toEqual([]);
  });
});
