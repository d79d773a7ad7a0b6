import { randomUUID } from "node:crypto";
import { DeleteCommand, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { encodeDelta } from "../../../core/deltas/codec.ts";
import { CurrentItems } from "../../../core/entities/current-items.ts";
import { silentLog } from "../../../core/log.ts";
import type { MerchantFacts } from "../../../core/merchants/candidate.ts";
import type { Neighbour } from "../../../core/merchants/neighbours.ts";
import { PlaceAnswers } from "../../../core/merchants/places/place-answers.ts";
import { PlacesBudget } from "../../../core/merchants/places/places-budget.ts";
import { PlacesClient } from "../../../core/merchants/places/places-client.ts";
import {
  MerchantBudgetSpentError,
  PlaceQueryClaimedError,
  PlacesNotAllowedError,
  PlacesThrottledError,
  PlacesUnavailableError,
} from "../../../core/merchants/places/places-errors.ts";
import { MerchantStore } from "../../../core/merchants/resolve/merchant-store.ts";
import { resolveDeliveries } from "../../../core/merchants/resolve/resolve-deliveries.ts";
import { type ResolveDeps, resolveMerchant } from "../../../core/merchants/resolve/resolve-merchant.ts";
import { SimilarReceiptsUnavailableError } from "../../../core/merchants/similar/similar-receipts.ts";
import { silentMetrics } from "../../../core/metrics.ts";
import { systemClock } from "../../../core/resilience/clock.ts";
import { unlimited } from "../../../core/resilience/rate-limiter.ts";
import { DynamoRunStore } from "../../../core/runs/dynamo-run-store.ts";
import type { LoopbackServer } from "../../../local/loopback-server.ts";
import { startPlacesServer } from "../../../local/providers/places/server.ts";
import { makeCurrent } from "../../unit/runs/current.ts";
import { Tables } from "../../unit/runs/tables.ts";

const anchor = {
  id: "p-anchor",
  name: "The Salted Anchor Cafe",
  address: "12 Harbour Road, Port Elswick EL1 4AB",
  phone: "+44 155 014 220",
};
const rows = ["THE SALTED ANCHOR CAFE", "12 HARBOUR ROAD", "TEL 0155 014 220", "TOTAL 3.80"];
const now = Date.parse("2026-03-01T12:00:00Z");

let tables: Tables;
let server: LoopbackServer;
let runs: DynamoRunStore;

beforeAll(async () => {
  tables = await Tables.start();
  server = await startPlacesServer(0, [anchor]);
  runs = new DynamoRunStore(tables);
});
afterAll(async () => {
  await server.close();
  await tables.stop();
});

/** No wait is real: what a client asks for is noted. */
function clockOf() {
  const slept: number[] = [];
  return {
    slept,
    clock: { ...systemClock, now: () => now, sleep: async (ms: number) => void slept.push(ms) },
  };
}

function clientOf(giveUpAt = now + 60_000) {
  const { clock, slept } = clockOf();
  const client = new PlacesClient({
    baseUrl: server.url,
    apiKey: "secret-key",
    limiter: unlimited,
    giveUpAt,
    clock,
  });
  return { client, slept };
}

async function faults(...planned: readonly object[]): Promise<void> {
  const body = JSON.stringify(planned.map((fault) => ({ fault })));
  await fetch(`${server.url}/local/faults`, { method: "POST", body });
}

const answersAt = (time: () => number) =>
  new PlaceAnswers({ client: tables.client, controlTable: tables.controlTable, days: 30, now: time });

describe("the client of Google Places", () => {
  afterEach(() => faults());

  test("asks for ids, then for the details of one place", async () => {
    const { client } = clientOf();
    expect(await client.search("0155 014 220", 2)).toEqual([anchor.id]);
    expect(await client.details(anchor.id)).toEqual({
      merchant_name: anchor.name,
      address: anchor.address,
      phone_number: anchor.phone,
      place_id: anchor.id,
    });
    expect(await client.details("gone")).toBeUndefined();
    expect(await client.search("0155 999 999", 2)).toEqual([]);
  });

  test("retries what passes: 500, 503, a broken connection, another form; and waits as long as a 429 says", async () => {
    await faults(
      { kind: "status", status: 500 },
      { kind: "breaks off" },
      { kind: "text", text: "[]" },
      { kind: "status", status: 429, retryAfterSeconds: 7 },
    );
    const { client, slept } = clientOf();
    expect(await client.search("0155 014 220", 2)).toEqual([anchor.id]);
    expect(slept).toHaveLength(4);
    expect(slept[3]).toBe(7_000);
  });

  test("gives up after four failures, and defers at a 429 beyond its deadline", async () => {
    await faults(...Array.from({ length: 4 }, () => ({ kind: "status", status: 503 })));
    await expect(clientOf().client.search("x", 2)).rejects.toThrow(PlacesUnavailableError);
    await faults({ kind: "status", status: 429, retryAfterSeconds: 90 });
    await expect(clientOf().client.search("x", 2)).rejects.toMatchObject({ delaySeconds: 90 });
    await faults({ kind: "status", status: 429, retryAfterSeconds: 90 });
    await expect(clientOf().client.search("x", 2)).rejects.toThrow(PlacesThrottledError);
  });

  test("does not repeat what is refused", async () => {
    await faults({ kind: "status", status: 403 });
    const { client, slept } = clientOf();
    await expect(client.search("x", 2)).rejects.toThrow(PlacesNotAllowedError);
    expect(slept).toEqual([]);
  });

  test("an answer without an end is cut off", async () => {
    await faults(...Array.from({ length: 4 }, () => ({ kind: "text", text: "x".repeat(300_000) })));
    await expect(clientOf().client.search("x", 2)).rejects.toThrow(/more than 262144 bytes/);
  });
});

describe("answers of places", () => {
  const facts: MerchantFacts[] = [{ merchant_name: "A", place_id: "p" }];

  test("F63: equal questions of many processes are asked once", async () => {
    let asked = 0;
    const ask = async () => {
      asked += 1;
      await new Promise(setImmediate);
      return facts;
    };
    const key = `phone:${randomUUID()}`;
    const all = await Promise.allSettled(Array.from({ length: 8 }, () => answersAt(() => now).get(key, ask)));
    expect(asked).toBe(1);
    const refused = all.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
    expect(refused.every((error) => error instanceof PlaceQueryClaimedError)).toBe(true);
    expect(await answersAt(() => now).get(key, ask)).toEqual(facts);
    expect(asked).toBe(1);
  });

  test("a claim of a dead process lapses, and a failed question leaves none", async () => {
    const key = `phone:${randomUUID()}`;
    const claimed = Promise.withResolvers<void>();
    // Its process dies while it asks.
    void answersAt(() => now).get(key, () => {
      claimed.resolve();
      return new Promise(() => undefined);
    });
    await claimed.promise;
    const asking = answersAt(() => now).get(key, async () => facts);
    await expect(asking).rejects.toThrow(PlaceQueryClaimedError);
    expect(await answersAt(() => now + 121_000).get(key, async () => facts)).toEqual(facts);

    const failing = `phone:${randomUUID()}`;
    const fails = async () => {
      throw new Error("down");
    };
    await expect(answersAt(() => now).get(failing, fails)).rejects.toThrow("down");
    expect(await answersAt(() => now).get(failing, async () => facts)).toEqual(facts);
  });

  test("an answer expires, although its item is still there", async () => {
    const key = `phone:${randomUUID()}`;
    await answersAt(() => now).get(key, async () => facts);
    const later = answersAt(() => now + 31 * 24 * 3_600_000);
    expect(await later.get(key, async () => [])).toEqual([]);
  });
});

test("F63: processes together never exceed the budget", async () => {
  const day = Date.parse("2026-03-02T23:00:00Z");
  const budget = (time = day) =>
    new PlacesBudget({
      client: tables.client,
      controlTable: tables.controlTable,
      usdPerDay: 0.1,
      usdPerPlace: 0.02,
      now: () => time,
    });
  const all = await Promise.allSettled(Array.from({ length: 12 }, () => budget().book()));
  expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(5);
  await expect(budget().book()).rejects.toMatchObject({ delaySeconds: 3_600 });
  await expect(budget().book()).rejects.toThrow(MerchantBudgetSpentError);
  await budget(day + 3_600_000).book();
});

describe("resolving a merchant", () => {
  /** A published receipt with these rows. */
  async function published(texts: readonly string[] = rows) {
    const receipt = { imageId: randomUUID(), receiptId: 1 };
    const runId = randomUUID().replaceAll("-", "");
    const prefix = `deltas/lines/${runId}`;
    await runs.open({ ...receipt, runId, deltaPrefixes: { lines: prefix, words: prefix }, rejectedRows: 0 });
    await makeCurrent(runs, receipt, { runId, revision: 1, attempt: 1 });
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

  function depsOf(
    bytes: Uint8Array,
    more: Partial<ResolveDeps> = {},
    client = tables.client,
    time = now,
  ): ResolveDeps {
    const { sourceTable: receiptsTable, controlTable } = tables;
    const budget = new PlacesBudget({ client, controlTable, usdPerDay: 0, usdPerPlace: 0, now: () => time });
    const answers = new PlaceAnswers({ client, controlTable, days: 30, now: () => time });
    return {
      runs,
      deltas: { get: async () => bytes },
      store: new MerchantStore({ client, receiptsTable, controlTable, now: () => new Date(time) }),
      similar: undefined,
      places: { client: clientOf().client, answers, budget },
      threshold: 0.85,
      metrics: silentMetrics,
      ...more,
    };
  }

  async function itemOf(imageId: string, name: "METADATA" | "PLACE") {
    const Key = { PK: `IMAGE#${imageId}`, SK: `RECEIPT#00001#${name}` };
    return (await tables.client.send(new GetCommand({ TableName: tables.sourceTable, Key }))).Item;
  }

  const metadataOf = (imageId: string) => itemOf(imageId, "METADATA");

  const near = (...neighbours: readonly Neighbour[]) => ({ near: async () => [...neighbours] });
  const unsure: Neighbour = {
    receipt: "other",
    facts: { merchant_name: "The Salted Anchor Cafe" },
    rows: ["THE SALTED ANCHOR CAFE"],
  };

  test("a redelivery changes nothing", async () => {
    const { receipt, bytes, message } = await published();
    expect(await resolveMerchant(message, depsOf(bytes))).toBe("resolved");
    const written = await metadataOf(receipt.imageId);
    expect(written).toMatchObject({
      merchant_name: anchor.name,
      source: "google_places",
      run_id: message.run_id,
    });
    expect(await resolveMerchant(message, depsOf(bytes))).toBe("known");
    expect(await metadataOf(receipt.imageId)).toEqual(written);
  });

  test("the newer form has the same facts, in attributes that its readers know, and says how they were found", async () => {
    const { receipt, bytes, message } = await published();
    await resolveMerchant(message, depsOf(bytes));
    const { reasoning, ...place } = (await itemOf(receipt.imageId, "PLACE")) ?? {};
    expect(place).toEqual({
      PK: `IMAGE#${receipt.imageId}`,
      SK: "RECEIPT#00001#PLACE",
      TYPE: "RECEIPT_PLACE",
      image_id: receipt.imageId,
      receipt_id: 1,
      place_id: anchor.id,
      merchant_name: anchor.name,
      formatted_address: anchor.address,
      phone_number: anchor.phone,
      matched_fields: ["phone", "name", "address"],
      validated_by: "PHONE_LOOKUP",
      validation_status: "MATCHED",
      confidence: expect.any(Number),
      timestamp: expect.stringMatching(/^2026-.*\+00:00$/),
      places_api_version: "v1",
    });
    expect(reasoning).toMatch(/^resolve-merchant [0-9a-f]{16}: phone 0155 014 220; /);
  });

  test("a person's change of either form of a merchant that was found is what vectors show", async () => {
    const items = new CurrentItems({
      client: tables.dynamo,
      receiptsTable: tables.sourceTable,
      log: silentLog,
      clock: systemClock,
    });
    for (const [name, other] of [
      ["METADATA", "PLACE"],
      ["PLACE", "METADATA"],
    ] as const) {
      const { receipt, bytes, message } = await published();
      await resolveMerchant(message, depsOf(bytes));
      const shown = async () => (await items.factsOf(receipt, "lines")).fields;
      const { name: merchant_name, address, phone: phone_number, id: place_id } = anchor;
      expect(await shown()).toEqual({ merchant_name, address, phone_number, place_id });
      const change = { ...(await itemOf(receipt.imageId, name)), merchant_name: "Mine" };
      await tables.client.send(new PutCommand({ TableName: tables.sourceTable, Item: change }));
      expect(await shown()).toMatchObject({ merchant_name: "Mine" });
      const { PK, SK } = (await itemOf(receipt.imageId, other)) ?? {};
      await tables.client.send(new DeleteCommand({ TableName: tables.sourceTable, Key: { PK, SK } }));
      expect(await shown()).toMatchObject({ merchant_name: "Mine" });
    }
  });

  test("a merchant whose name the newer form cannot hold is written in the older one alone", async () => {
    const { receipt, bytes, message } = await published(["小猫 0155", "注册 (728384-M)", "合计 3.80"]);
    const facts = { merchant_name: "小猫", phone_number: "0155 014 220" };
    const similar = near({ receipt: "other", facts, rows: ["小猫 0155", "(728384-M)"] });
    expect(await resolveMerchant(message, depsOf(bytes, { similar, places: undefined }))).toBe("resolved");
    expect(await metadataOf(receipt.imageId)).toMatchObject({ merchant_name: "小猫" });
    expect(await itemOf(receipt.imageId, "PLACE")).toBeUndefined();
  });

  test.each(["METADATA", "PLACE"])("F62: what somebody writes meanwhile as %s stays alone", async (name) => {
    const { receipt, bytes, message } = await published();
    const own = { PK: `IMAGE#${receipt.imageId}`, SK: `RECEIPT#00001#${name}`, merchant_name: "Mine" };
    const similar = {
      near: async () => {
        await tables.client.send(new PutCommand({ TableName: tables.sourceTable, Item: own }));
        return [];
      },
    };
    expect(await resolveMerchant(message, depsOf(bytes, { similar }))).toBe("known");
    const [metadata, place] = [await metadataOf(receipt.imageId), await itemOf(receipt.imageId, "PLACE")];
    expect([metadata, place].filter((one) => one !== undefined)).toEqual([own]);
    expect(await resolveMerchant(message, depsOf(bytes))).toBe("known");
  });

  test.each(["before", "after"] as const)(
    "F62: a process that dies %s any of its calls to the tables leaves what the next delivery completes",
    async (moment) => {
      for (let nth = 1, died = true; died; nth++) {
        const { receipt, bytes, message } = await published();
        // Each later than answers are kept, so that each asks.
        const time = now + nth * (moment === "before" ? 100 : 103) * 24 * 3_600_000;
        const earlier = { ...depsOf(bytes), places: undefined, similar: near(unsure) };
        expect(await resolveMerchant(message, earlier)).toBe("proposed");
        const dying = dyingClient(nth, moment);
        died = await resolveMerchant(message, depsOf(bytes, {}, dying.client, time)).then(
          () => false,
          (error: Error) => error.message === "killed",
        );
        expect(dying.calls >= nth).toBe(died);
        // A claim of the dead process lapses.
        const later = depsOf(bytes, {}, tables.client, time + 121_000);
        expect(["resolved", "known"]).toContain(await resolveMerchant(message, later));
        expect(await metadataOf(receipt.imageId)).toMatchObject({
          merchant_name: anchor.name,
          source: "google_places",
        });
        expect(await itemOf(receipt.imageId, "PLACE")).toMatchObject({ merchant_name: anchor.name });
        expect(await tables.client.send(new GetCommand(proposalOf(receipt.imageId)))).not.toHaveProperty(
          "Item",
        );
      }
    },
  );

  /** Of its calls the nth fails, before or after it has its effect, and all that follow. */
  function dyingClient(nth: number, moment: "before" | "after") {
    const state = { calls: 0, client: undefined as unknown as Tables["client"] };
    const send = async (command: Parameters<Tables["client"]["send"]>[0]) => {
      state.calls += 1;
      if (state.calls > nth || (state.calls === nth && moment === "before")) throw new Error("killed");
      const answered = await tables.client.send(command);
      if (state.calls === nth) throw new Error("killed");
      return answered;
    };
    state.client = { send } as unknown as Tables["client"];
    return state;
  }

  const proposalOf = (imageId: string) => ({
    TableName: tables.controlTable,
    Key: { PK: "MERCHANT_PROPOSALS", SK: `IMAGE#${imageId}#RECEIPT#00001` },
    ConsistentRead: true,
  });

  test("an old run, and a run that is not there, resolve nothing", async () => {
    const { bytes, message } = await published();
    expect(await resolveMerchant({ ...message, run_id: "older" }, depsOf(bytes))).toBe("superseded");
    const unknown = { ...message, image_id: randomUUID() };
    expect(await resolveMerchant(unknown, depsOf(bytes))).toBe("superseded");
  });

  test("a delta that S3 does not give writes nothing, and the next delivery resolves", async () => {
    const { receipt, bytes, message } = await published();
    const get = jest.fn(async () => bytes).mockRejectedValueOnce(new Error("503 Slow Down"));
    await expect(resolveMerchant(message, depsOf(bytes, { deltas: { get } }))).rejects.toThrow("Slow Down");
    expect(await metadataOf(receipt.imageId)).toBeUndefined();
    expect(await resolveMerchant(message, depsOf(bytes, { deltas: { get } }))).toBe("resolved");
  });

  test("a search that is down returns the message to its queue, and a spent budget is counted for its alarm", async () => {
    const { bytes, message } = await published();
    const counted: string[] = [];
    const metrics = { ...silentMetrics, count: (name: string) => void counted.push(name) };
    const queue = {
      giveBack: async (failed: readonly { readonly messageId: string }[]) =>
        failed.map(({ messageId }) => messageId),
    };
    const delivery = { messageId: "m", receiptHandle: "h", sentTimestamp: now, receives: 1 };
    const deliver = (more: Partial<ResolveDeps>) =>
      resolveDeliveries([{ ...delivery, body: JSON.stringify(message) }], {
        ...depsOf(bytes, more, tables.client, now + 900 * 24 * 3_600_000),
        metrics,
        queue,
        log: silentLog,
      });
    const similar = { near: () => Promise.reject(new SimilarReceiptsUnavailableError(4, "ECONNREFUSED")) };
    expect(await deliver({ similar })).toEqual(["m"]);
    expect(counted).not.toContain("PlacesBudgetSpent");
    const { places } = depsOf(bytes, {}, tables.client, now + 900 * 24 * 3_600_000);
    const spent = { book: () => Promise.reject(new MerchantBudgetSpentError(5, 3_600)) };
    const budget = spent as unknown as PlacesBudget;
    expect(await deliver({ places: places && { ...places, budget } })).toEqual(["m"]);
    expect(counted).toContain("PlacesBudgetSpent");
  });

  test("a proposal keeps the canonical name of its merchant, and so does what a person accepts", async () => {
    const { receipt, bytes, message } = await published();
    const canonical_merchant_name = "Salted Anchor";
    const similar = near({ ...unsure, facts: { ...unsure.facts, canonical_merchant_name } });
    const deps = { ...depsOf(bytes), places: undefined, similar };
    expect(await resolveMerchant(message, deps)).toBe("proposed");
    const [proposal] = await proposed(deps, receipt.imageId);
    expect(proposal).toMatchObject({ canonical_merchant_name });
    await (proposal && deps.store.accept(proposal));
    expect(await metadataOf(receipt.imageId)).toMatchObject({ canonical_merchant_name, source: "person" });
  });

  test("a directory that answers with other places is not believed", async () => {
    const wrong = {
      merchant_name: "Tin Kettle",
      address: "9 Jalan Besar, 81200 Johor Bahru",
      phone_number: "07-261 4733",
    };
    const { receipt, bytes, message } = await published([
      ...rows.slice(0, 2),
      `TEL 0155 ${Math.random().toFixed(6).slice(2)}`,
    ]);
    const deps = depsOf(bytes);
    const client = { search: async () => ["w1", "w2"], details: async () => wrong };
    const places = deps.places && {
      ...deps.places,
      client,
      answers: answersAt(() => now + 40 * 24 * 3_600_000),
    };
    expect(await resolveMerchant(message, { ...deps, places })).toBe("none");
    expect(await metadataOf(receipt.imageId)).toBeUndefined();
  });

  test("what OCR extracted comes from the words in the table", async () => {
    const { receipt, bytes, message } = await published(["THE SALTED ANCHOR CAFE", "TOTAL 3.80"]);
    const word = {
      PK: `IMAGE#${receipt.imageId}`,
      SK: "RECEIPT#00001#LINE#00001#WORD#00001",
      extracted_data: { type: "phone", value: "0155 014 220" },
    };
    await tables.client.send(new PutCommand({ TableName: tables.sourceTable, Item: word }));
    expect(await resolveMerchant(message, depsOf(bytes))).toBe("resolved");
    expect(await metadataOf(receipt.imageId)).toMatchObject({
      evidence: expect.arrayContaining([{ kind: "phone", printed: "0155 014 220" }]),
    });
  });

  test("without places a single agreement is a proposal, which a person's decision ends", async () => {
    const { receipt, bytes, message } = await published();
    const deps = { ...depsOf(bytes), places: undefined, similar: near(unsure) };
    expect(await resolveMerchant(message, deps)).toBe("proposed");
    const [proposal] = await proposed(deps, receipt.imageId);
    expect(proposal).toMatchObject({
      merchant_name: anchor.name,
      confidence: 0.7,
      source: "similar_receipts",
    });
    expect(proposal && (await deps.store.accept(proposal))).toBe(true);
    expect(await metadataOf(receipt.imageId)).toMatchObject({
      source: "person",
      proposed_by: "similar_receipts",
    });
    expect(await itemOf(receipt.imageId, "PLACE")).toMatchObject({
      merchant_name: anchor.name,
      place_id: "",
      validated_by: "INFERENCE",
    });
    expect(proposal && (await deps.store.accept(proposal))).toBe(false);
    expect(await proposed(deps, receipt.imageId)).toEqual([]);
  });

  async function proposed({ store }: Pick<ResolveDeps, "store">, imageId: string) {
    return (await store.proposals()).filter(({ image_id }) => image_id === imageId);
  }
});
