import { Readable } from "node:stream";
import { S3Client } from "@aws-sdk/client-s3";
import * as z from "zod";
import { type AnalyzeDeps, analyzeImage } from "../../../core/images/analyze/analyze-image.ts";
import { LimitedVision } from "../../../core/images/analyze/limited-vision.ts";
import type { ProviderName, VisionAnswer } from "../../../core/images/analyze/vision-provider.ts";
import { Analyses } from "../../../core/images/database/analyses.ts";
import { ItemStates } from "../../../core/images/database/item-states.ts";
import { Items } from "../../../core/images/database/items.ts";
import type { ImageProcessed } from "../../../core/images/events/flow-events.ts";
import { paddedSequencer } from "../../../core/images/events/sequencer.ts";
import { silentLog } from "../../../core/log.ts";
import { silentMetrics } from "../../../core/metrics.ts";
import { systemClock } from "../../../core/resilience/clock.ts";
import { unlimited } from "../../../core/resilience/rate-limiter.ts";
import { emptyDatabase, migrated, type TestDatabase } from "./pglite-database.ts";

const text = JSON.stringify({ category: "menu", summary: "A menu.", image_details: {} });
const answer: VisionAnswer = {
  text,
  ended: "complete",
  refusal: undefined,
  model: "m",
  requestId: "r",
  responseId: "m",
  usage: { inputTokens: 1_000_000, outputTokens: 0 },
};

describe("analyzing an image", () => {
  let database: TestDatabase;
  let analyses: Analyses;
  let items: Items;

  beforeAll(async () => {
    database = await emptyDatabase();
    await migrated(database);
    analyses = new Analyses(database);
    items = new Items(database);
  });
  beforeEach(() => database.execute("delete from spending"));
  afterAll(() => database.close());

  async function uploaded(name: string, content: string, sequencer = "01"): Promise<ImageProcessed> {
    const version = {
      bucket: "b",
      key: `ann/${name}.jpg`,
      userId: "ann",
      name,
      ownId: `own-${name}`,
      sequencer: paddedSequencer(sequencer),
    };
    const contentSha256 = Buffer.from(content.padEnd(32)).toString("hex");
    const facts = { etag: "e", contentSha256, mimeType: "image/jpeg", bytes: 1, width: 1, height: 1 };
    const { id } = await items.recordCreated(version, facts);
    return {
      item_id: id,
      user_id: "ann",
      bucket: "b",
      original_key: version.key,
      thumbnail_key: "t",
      renditions_bucket: "r",
      analysis_key: "a",
      content_sha256: contentSha256,
      sequencer: version.sequencer,
    };
  }

  async function newest(item: string) {
    const [row] = await database.query(
      z.object({ id: z.string(), version: z.number(), provider_used: z.string(), model_used: z.string() }),
      `select id, version, provider_used, model_used from analyses
       where user_id = 'ann' and item_id = :item order by version desc limit 1`,
      { item },
    );
    return row;
  }

  /** With providers that answer as given; counts what they are asked and what is published. */
  function withProviders(
    providers: Partial<Record<ProviderName, () => VisionAnswer | Promise<VisionAnswer>>>,
    usdPerDay = 0,
  ) {
    const asked: ProviderName[] = [];
    const published: object[] = [];
    const [first, fallback] = Object.entries(providers).map(([name, reply]) => {
      const provider = {
        name: name as ProviderName,
        model: `${name}-model`,
        ask: async () => {
          asked.push(name as ProviderName);
          return reply();
        },
      };
      const price = { input: 1, output: 1 };
      const giveUpAt = Number.POSITIVE_INFINITY;
      return new LimitedVision({
        provider,
        apiKey: "",
        limiter: unlimited,
        price,
        giveUpAt,
        clock: systemClock,
      });
    });
    if (first === undefined) throw new Error("there is no provider");
    const s3 = new S3Client({
      region: "us-east-1",
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
      requestHandler: {
        handle: async () => ({
          response: { statusCode: 200, headers: {}, body: Readable.from([Buffer.from("jpeg")]) },
        }),
      } as never,
    });
    const deps: AnalyzeDeps = {
      s3,
      analyses,
      visions: { first, fallback: fallback && (async () => fallback) },
      events: { publish: async ({ detail }) => void published.push(detail) },
      usdPerDay,
      finishBy: Date.now() + 60_000,
      now: Date.now,
      metrics: silentMetrics,
      log: silentLog,
    };
    return { deps, asked, published };
  }

  test("asks once for an event that arrives three times, and publishes each time", async () => {
    const event = await uploaded("once", "one");
    const { deps, asked, published } = withProviders({ anthropic: () => answer });
    expect(await analyzeImage(event, deps)).toBe("analyzed");
    expect(await analyzeImage(event, deps)).toBe("known");
    expect(await analyzeImage(event, deps)).toBe("known");
    expect(asked).toHaveLength(1);
    expect(published).toHaveLength(3);
  });

  test("stores the trace in which the model was asked, and the provider's id of the request", async () => {
    const event = await uploaded("traced", "fifteen");
    const { deps } = withProviders({ anthropic: () => answer });
    process.env._X_AMZN_TRACE_ID =
      "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    try {
      await analyzeImage(event, deps);
    } finally {
      delete process.env._X_AMZN_TRACE_ID;
    }
    const rows = await database.query(
      z.object({ trace_id: z.string(), provider_request_id: z.string() }),
      "select trace_id, provider_request_id from analyses where user_id = 'ann' and item_id = 'traced'",
    );
    expect(rows).toEqual([{ trace_id: "5759e988bd862e3fe1be46a994272793", provider_request_id: "r" }]);
  });

  test("asks once for two deliveries at the same time: one is deferred", async () => {
    const event = await uploaded("twice", "two");
    // The second delivery arrives while the first one waits for its answer.
    const during: Promise<unknown>[] = [];
    const second = withProviders({ anthropic: () => answer });
    const first = withProviders({
      anthropic: async () => {
        during.push(analyzeImage(event, second.deps).catch((error: unknown) => error));
        await during[0];
        return answer;
      },
    });
    expect(await analyzeImage(event, first.deps)).toBe("analyzed");
    expect(await during[0]).toMatchObject({ code: "VK_ANALYSIS_CLAIMED", delaySeconds: 15 });
    expect([first.asked, second.asked]).toEqual([["anthropic"], []]);
  });

  test("copies the analysis of equal content under another key", async () => {
    const { deps, asked } = withProviders({ anthropic: () => answer });
    await analyzeImage(await uploaded("original", "same"), deps);
    const event = await uploaded("copy", "same");
    expect(await analyzeImage(event, deps)).toBe("copied");
    expect(asked).toHaveLength(1);
    expect(await newest("copy")).toMatchObject({ provider_used: "anthropic", model_used: "m" });
  });

  test("asks the fallback after a refusal, and books both", async () => {
    const { deps, asked } = withProviders({
      anthropic: () => ({ ...answer, ended: "refused", refusal: "no" }),
      openai: () => answer,
    });
    expect(await analyzeImage(await uploaded("refused", "three"), deps)).toBe("analyzed");
    expect(asked).toEqual(["anthropic", "openai"]);
    await expect(
      analyzeImage(await uploaded("late", "four"), { ...deps, usdPerDay: 2 }),
    ).rejects.toMatchObject({
      code: "VK_IMAGE_BUDGET_SPENT",
    });
  });

  test("a fallback that cannot be used does not stop the first provider", async () => {
    const { deps } = withProviders({ anthropic: () => answer });
    const fallback = () => Promise.reject(new Error("its secret is missing"));
    const visions = { ...deps.visions, fallback };
    expect(await analyzeImage(await uploaded("lazy", "fourteen"), { ...deps, visions })).toBe("analyzed");
  });

  test("a refusal without a fallback is final, books its cost and frees the claim", async () => {
    const event = await uploaded("final", "five");
    const refusing = withProviders({ anthropic: () => ({ ...answer, ended: "refused", refusal: "no" }) });
    await expect(analyzeImage(event, refusing.deps)).rejects.toMatchObject({ isFinal: true });
    const { deps } = withProviders({ anthropic: () => answer });
    expect(await analyzeImage(event, deps)).toBe("analyzed");
  });

  test("what is refused is no unfinished image, until its object changes", async () => {
    const states = new ItemStates(database);
    // Of other tests, too.
    const unfinished = async () => {
      await database.execute("update items set updated_at = now() - interval '1 day'");
      return states.countUnfinished(60);
    };
    const before = await unfinished();
    const event = await uploaded("unwanted", "of this test");
    expect(await unfinished()).toBe(before + 1);
    const { deps } = withProviders({ anthropic: () => ({ ...answer, ended: "refused", refusal: "no" }) });
    await analyzeImage(event, deps).catch(() => undefined);
    expect(await unfinished()).toBe(before);
    await uploaded("unwanted", "of this test, changed", "02");
    expect(await unfinished()).toBe(before + 1);
  });

  test("a refusal stays final where its cost cannot be booked", async () => {
    const { deps } = withProviders({ anthropic: () => ({ ...answer, ended: "refused", refusal: "no" }) });
    const broken = new Analyses(database);
    broken.bookSpent = () => Promise.reject(new Error("The database is away."));
    await expect(
      analyzeImage(await uploaded("unbooked", "thirteen"), { ...deps, analyses: broken }),
    ).rejects.toMatchObject({ code: "VK_VISION_REFUSED", isFinal: true });
  });

  test("waits for the next day where the budget is spent, without asking", async () => {
    const { deps, asked } = withProviders({ anthropic: () => answer }, 1);
    await analyzeImage(await uploaded("dear", "six"), deps);
    const refused = await analyzeImage(await uploaded("dearer", "seven"), deps).catch(
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({ code: "VK_IMAGE_BUDGET_SPENT" });
    const { delaySeconds } = refused as { delaySeconds: number };
    expect(delaySeconds).toBeGreaterThan(0);
    expect(delaySeconds).toBeLessThanOrEqual(24 * 3600);
    expect(asked).toHaveLength(1);
  });

  test("F54: a repeated event does not undo a later answer to the same image", async () => {
    const event = await uploaded("again", "ten");
    const { deps, published } = withProviders({ anthropic: () => answer });
    await analyzeImage(event, deps);
    const first = await newest("again");
    expect(await analyzeImage({ ...event, reanalysis_id: "r1" }, deps)).toBe("analyzed");
    const second = await newest("again");
    expect(second).toMatchObject({ version: 2 });
    expect(second?.id).not.toBe(first?.id);
    expect(await analyzeImage(event, deps)).toBe("known");
    expect(await newest("again")).toEqual(second);
    expect(published.at(-1)).toMatchObject({ analysis_id: second?.id });
  });

  test("content that returns has its latest answer again, which is not paid for twice", async () => {
    const { deps, asked, published } = withProviders({ anthropic: () => answer });
    const first = await uploaded("back", "eleven", "01");
    await analyzeImage(first, deps);
    await analyzeImage({ ...first, reanalysis_id: "r2" }, deps);
    const latest = await newest("back");
    await analyzeImage(await uploaded("back", "twelve", "02"), deps);
    expect(await analyzeImage(await uploaded("back", "eleven", "03"), deps)).toBe("known");
    expect(await newest("back")).toEqual({ ...latest, version: 4 });
    expect(published.at(-1)).toMatchObject({ analysis_id: latest?.id });
    expect(asked).toHaveLength(3);
  });

  test("does nothing for a version that was replaced", async () => {
    const old = await uploaded("replaced", "eight", "01");
    await uploaded("replaced", "nine", "02");
    const { deps, asked, published } = withProviders({ anthropic: () => answer });
    expect(await analyzeImage(old, deps)).toBe("superseded");
    expect([asked, published]).toEqual([[], []]);
  });
});
