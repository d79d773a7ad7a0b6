import { randomUUID } from "node:crypto";
import { encodeDelta } from "../../../core/deltas/codec.ts";
import { PlacesBudget } from "../../../core/merchants/places/places-budget.ts";
import { MerchantStore } from "../../../core/merchants/resolve/merchant-store.ts";
import type { ResolveDeps } from "../../../core/merchants/resolve/resolve-merchant.ts";
import { silentMetrics } from "../../../core/metrics.ts";
import { DynamoRunStore } from "../../../core/runs/dynamo-run-store.ts";
import { makeCurrent } from "../../unit/runs/current.ts";
import { Tables } from "../../unit/runs/tables.ts";
import { answersAt, now, OnePlace } from "./one-place.ts";

/** Rows of a receipt of the only place. */
export const anchorRows = ["THE SALTED ANCHOR CAFE", "12 HARBOUR ROAD", "TEL 0155 014 220", "TOTAL 3.80"];

/** Real tables with published receipts, and the local Google Places. */
export class MerchantRig {
  readonly tables: Tables;
  readonly places: OnePlace;
  readonly runs: DynamoRunStore;

  private constructor(tables: Tables, places: OnePlace) {
    this.tables = tables;
    this.places = places;
    this.runs = new DynamoRunStore(tables);
  }

  static async start(): Promise<MerchantRig> {
    const [tables, places] = await Promise.all([Tables.start(), OnePlace.start()]);
    return new MerchantRig(tables, places);
  }

  async stop(): Promise<void> {
    await this.places.stop();
    await this.tables.stop();
  }

  /** A published receipt with these rows. */
  async published(texts: readonly string[] = anchorRows) {
    const receipt = { imageId: randomUUID(), receiptId: 1 };
    const runId = randomUUID().replaceAll("-", "");
    const prefix = `deltas/lines/${runId}`;
    const deltaPrefixes = { lines: prefix, words: prefix };
    await this.runs.open({ ...receipt, runId, deltaPrefixes, rejectedRows: 0 });
    await makeCurrent(this.runs, receipt, { runId, revision: 1, attempt: 1 });
    const bytes = encodeDelta({
      ...receipt,
      collection: "lines",
      runId,
      model: "m",
      dimensions: 1,
      textFormat: "f",
      ids: texts.map((_, line) => `l${line}`),
      documents: [...texts],
      metadatas: texts.map((text, row) => ({ text, row, column: 0 })),
      vectors: new Uint8Array(4 * texts.length),
    });
    return { receipt, bytes, message: { image_id: receipt.imageId, receipt_id: 1, run_id: runId } };
  }

  /** Places without a budget, and no similar receipts, unless `more` says otherwise. */
  deps(
    bytes: Uint8Array,
    more: Partial<ResolveDeps> = {},
    { client, time }: { readonly client?: Tables["client"]; readonly time?: number } = {},
  ): ResolveDeps {
    const at = time ?? now;
    const { sourceTable: receiptsTable, controlTable } = this.tables;
    const stored = { client: client ?? this.tables.client, controlTable };
    const budget = new PlacesBudget({ ...stored, usdPerDay: 0, usdPerPlace: 0, now: () => at });
    const answers = answersAt(stored, () => at);
    return {
      runs: this.runs,
      deltas: { get: async () => bytes },
      store: new MerchantStore({ ...stored, receiptsTable, now: () => new Date(at) }),
      similar: undefined,
      places: { client: this.places.client().client, answers, budget },
      threshold: 0.85,
      metrics: silentMetrics,
      ...more,
    };
  }
}
