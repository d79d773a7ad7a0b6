import { analysisCompleteEvent } from "../../../contract/images.ts";
import type { Embedder } from "../../../core/embedding/embedder.ts";
import { EmbeddingRefusedError, EmbeddingThrottledError } from "../../../core/embedding/embedding-errors.ts";
import { Analyses } from "../../../core/images/database/analyses.ts";
import { Embeddings } from "../../../core/images/database/embeddings.ts";
import { ItemStates } from "../../../core/images/database/item-states.ts";
import { Items } from "../../../core/images/database/items.ts";
import { embedDocuments } from "../../../core/images/embed/embed-analyses.ts";
import { embedDeliveries } from "../../../core/images/embed/embed-deliveries.ts";
import { messageOf } from "../../../core/images/events/flow-events.ts";
import { paddedSequencer } from "../../../core/images/events/sequencer.ts";
import { silentLog } from "../../../core/log.ts";
import { silentMetrics } from "../../../core/metrics.ts";
import type { FailedDelivery } from "../../../core/queues/consumed-queue.ts";
import { dimensions, emptyDatabase, migrated, type TestDatabase } from "./pglite-database.ts";
import { someAnalysis } from "./some-analysis.ts";

const bucket = "b";

describe("embedding the analyses of messages", () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await emptyDatabase();
    await migrated(database);
  });
  afterAll(() => database.close());

  /** A message about an image with this summary. */
  async function analyzed(name: string, summary: string) {
    const version = { bucket, key: `ann/${name}.jpg`, userId: "ann", name, ownId: name };
    const sequencer = paddedSequencer("01");
    const facts = { etag: "e", contentSha256: name, mimeType: "image/jpeg", bytes: 1, width: 1, height: 1 };
    const { id } = await new Items(database).recordCreated({ ...version, sequencer }, facts);
    const analysisId = `analysis of ${name}`;
    await new Analyses(database).store(
      { analysisId, inputHash: name, contentSha256: name, itemId: id, userId: "ann", sequencer },
      someAnalysis({ summary }),
    );
    const detail = { item_id: id, analysis_id: analysisId, user_id: "ann", bucket };
    const body = messageOf(analysisCompleteEvent, detail);
    return { messageId: name, receiptHandle: name, body, sentTimestamp: 0, receives: 1 };
  }

  /** With a provider that fails for a request as `fault` says. */
  function withProvider(fault: (texts: readonly string[]) => Error | undefined) {
    const asked: (readonly string[])[] = [];
    const failed: FailedDelivery[] = [];
    const embedder: Embedder = {
      model: "voyage",
      dimensions,
      async embed(texts) {
        asked.push(texts);
        const error = fault(texts);
        if (error !== undefined) throw error;
        return texts.map(() => new Uint8Array(new Float32Array(dimensions).fill(1).buffer));
      },
    };
    const queue = {
      giveBack: async (messages: readonly FailedDelivery[]) => {
        failed.push(...messages);
        return messages.map(({ messageId }) => messageId);
      },
    };
    const embeddings = new Embeddings(database);
    return { asked, failed, deps: { embedder, embeddings, queue, log: silentLog, metrics: silentMetrics } };
  }

  test("a document that the provider refuses fails its own message alone", async () => {
    const deliveries = await Promise.all(
      ["one", "two", "bad", "four"].map((name) => analyzed(name, `A ${name} menu.`)),
    );
    const { deps, failed } = withProvider((texts) =>
      texts.some((text) => text.includes("bad"))
        ? new EmbeddingRefusedError("voyage", new Error("no"))
        : undefined,
    );
    expect(await embedDeliveries(deliveries, deps)).toEqual(["bad"]);
    expect(failed).toMatchObject([{ messageId: "bad", byInput: true }]);
    // It is a dead letter, and nothing will finish it.
    await database.execute("update items set updated_at = now() - interval '1 day'");
    expect(await new ItemStates(database).countUnfinished(60)).toBe(0);
    // The others are stored: nothing is left to do.
    const again = withProvider(() => undefined);
    await embedDeliveries(deliveries, again.deps);
    expect(again.asked).toEqual([[expect.stringContaining("A bad menu.")]]);
  });

  test("one request embeds all documents", async () => {
    const deliveries = await Promise.all(["five", "six"].map((name) => analyzed(name, `A ${name} menu.`)));
    const { deps, asked } = withProvider(() => undefined);
    expect(await embedDeliveries(deliveries, deps)).toEqual([]);
    expect(asked.map((texts) => texts.length)).toEqual([2]);
  });

  test("no request has more documents than the provider takes", async () => {
    const { deps, asked } = withProvider(() => undefined);
    const documents = Array.from({ length: 300 }, (_, index) => `A menu ${index}.`);
    expect(await embedDocuments(documents, deps.embedder)).toHaveLength(300);
    expect(asked.map((texts) => texts.length)).toEqual([128, 128, 44]);
  });

  test("no request has more tokens than the provider takes", async () => {
    const { deps, asked } = withProvider(() => undefined);
    const documents = Array.from({ length: 5 }, () => "word ".repeat(10_000));
    await embedDocuments(documents, deps.embedder);
    for (const texts of asked) {
      expect(Buffer.byteLength(texts.join(""))).toBeLessThanOrEqual(120_000);
    }
    expect(asked.flat()).toEqual(documents);
  });

  test("an analysis without a text is refused, and nothing is asked", async () => {
    const { deps, asked, failed } = withProvider(() => undefined);
    expect(await embedDeliveries([await analyzed("blank", " ")], deps)).toEqual(["blank"]);
    expect(failed).toMatchObject([{ byInput: true, reason: expect.stringContaining("cannot be embedded") }]);
    expect(asked).toEqual([]);
  });

  test("F52: a rate limit defers the message, which is no failure", async () => {
    const { deps, failed } = withProvider(() => new EmbeddingThrottledError("voyage"));
    await embedDeliveries([await analyzed("seven", "A menu.")], deps);
    expect(failed).toMatchObject([{ messageId: "seven", byInput: false, deferSeconds: 60 }]);
  });
});
