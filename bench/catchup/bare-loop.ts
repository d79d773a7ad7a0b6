import { createReadStream } from "node:fs";
import { Pinecone } from "@pinecone-database/pinecone";
import { parse } from "csv-parse";
import OpenAI from "openai";
import { inParallel } from "../../core/resilience/in-parallel.ts";
import { emptySink } from "./sink.ts";

/** The least that brings a CSV into an index: nothing is kept, checked, counted or retried. */
export interface BareOrders {
  readonly file: string;
  /** Goes the same way before, so that its code is compiled like that of the others. */
  readonly warmUpFile: string;
  readonly embeddingsUrl: string;
  readonly model: string;
  readonly dimensions: number;
  readonly sinkUrl: string;
}

export interface BareOutcome {
  readonly seconds: number;
}

interface Row {
  readonly id: string;
  readonly formatted_text: string;
  readonly [column: string]: string;
}

const textsPerRequest = 2_048;
const vectorsPerRequest = 100;
const requestsInFlight = 2;
const upsertsInFlight = 4;

process.once("message", async (orders: BareOrders) => {
  await bringAll(orders.warmUpFile, orders);
  await emptySink(orders.sinkUrl);
  const began = performance.now();
  await bringAll(orders.file, orders);
  process.send?.({ seconds: (performance.now() - began) / 1_000 } satisfies BareOutcome);
});

async function bringAll(file: string, orders: BareOrders): Promise<void> {
  const openai = new OpenAI({ apiKey: "none", baseURL: orders.embeddingsUrl });
  const index = new Pinecone({ apiKey: "none" }).index({ host: orders.sinkUrl });
  const groups = groupsOf(createReadStream(file).pipe(parse({ columns: true })));
  const worker = async () => {
    for await (const rows of groups) await bring(rows);
  };

  async function bring(rows: readonly Row[]): Promise<void> {
    const { data } = await openai.embeddings.create({
      model: orders.model,
      dimensions: orders.dimensions,
      input: rows.map(({ formatted_text }) => formatted_text),
    });
    const records = rows.map(({ formatted_text: text, ...metadata }, position) => ({
      id: `bench.${metadata.id}`,
      values: data[position]?.embedding ?? [],
      metadata: { text, ...metadata },
    }));
    const starts = Array.from({ length: Math.ceil(rows.length / vectorsPerRequest) }, (_, batch) => batch);
    await inParallel(starts, upsertsInFlight, async (batch) => {
      const start = batch * vectorsPerRequest;
      await index.upsert({ namespace: "v2", records: records.slice(start, start + vectorsPerRequest) });
    });
  }

  await Promise.all(Array.from({ length: requestsInFlight }, worker));
}

async function* groupsOf(rows: AsyncIterable<Row>): AsyncGenerator<Row[]> {
  let group: Row[] = [];
  for await (const row of rows) {
    group.push(row);
    if (group.length === textsPerRequest) {
      yield group;
      group = [];
    }
  }
  if (group.length > 0) yield group;
}
