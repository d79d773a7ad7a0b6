import { randomUUID } from "node:crypto";
import { DeleteCommand, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { CurrentItems } from "../../../core/entities/current-items.ts";
import { silentLog } from "../../../core/log.ts";
import type { Neighbour } from "../../../core/merchants/neighbours.ts";
import type { PlacesBudget } from "../../../core/merchants/places/places-budget.ts";
import { MerchantBudgetSpentError } from "../../../core/merchants/places/places-errors.ts";
import { resolveDeliveries } from "../../../core/merchants/resolve/resolve-deliveries.ts";
import { type ResolveDeps, resolveMerchant } from "../../../core/merchants/resolve/resolve-merchant.ts";
import { SimilarReceiptsUnavailableError } from "../../../core/merchants/similar/similar-receipts.ts";
import { silentMetrics } from "../../../core/metrics.ts";
import { systemClock } from "../../../core/resilience/clock.ts";
import type { Tables } from "../../unit/runs/tables.ts";
import { anchorRows, MerchantRig } from "./merchant-rig.ts";
import { anchor, answersAt, now } from "./one-place.ts";

let rig: MerchantRig;
let tables: Tables;

beforeAll(async () => {
  rig = await MerchantRig.start();
  ({ tables } = rig);
});
afterAll(() => rig.stop());

describe("resolving a merchant", () => {
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
    const { receipt, bytes, message } = await rig.published();
    expect(await resolveMerchant(message, rig.deps(bytes))).toBe("resolved");
    const written = await metadataOf(receipt.imageId);
    expect(written).toMatchObject({
      merchant_name: anchor.name,
      source: "google_places",
      run_id: message.run_id,
    });
    expect(await resolveMerchant(message, rig.deps(bytes))).toBe("known");
    expect(await metadataOf(receipt.imageId)).toEqual(written);
  });

  test("the newer form has the same facts, in attributes that its readers know, and says how they were found", async () => {
    const { receipt, bytes, message } = await rig.published();
    await resolveMerchant(message, rig.deps(bytes));
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
      const { receipt, bytes, message } = await rig.published();
      await resolveMerchant(message, rig.deps(bytes));
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
    const { receipt, bytes, message } = await rig.published(["小猫 0155", "注册 (728384-M)", "合计 3.80"]);
    const facts = { merchant_name: "小猫", phone_number: "0155 014 220" };
    const similar = near({ receipt: "other", facts, rows: ["小猫 0155", "(728384-M)"] });
    expect(await resolveMerchant(message, rig.deps(bytes, { similar, places: undefined }))).toBe("resolved");
    expect(await metadataOf(receipt.imageId)).toMatchObject({ merchant_name: "小猫" });
    expect(await itemOf(receipt.imageId, "PLACE")).toBeUndefined();
  });

  test.each(["METADATA", "PLACE"])("F62: what somebody writes meanwhile as %s stays alone", async (name) => {
    const { receipt, bytes, message } = await rig.published();
    const own = { PK: `IMAGE#${receipt.imageId}`, SK: `RECEIPT#00001#${name}`, merchant_name: "Mine" };
    const similar = {
      near: async () => {
        await tables.client.send(new PutCommand({ TableName: tables.sourceTable, Item: own }));
        return [];
      },
    };
    expect(await resolveMerchant(message, rig.deps(bytes, { similar }))).toBe("known");
    const [metadata, place] = [await metadataOf(receipt.imageId), await itemOf(receipt.imageId, "PLACE")];
    expect([metadata, place].filter((one) => one !== undefined)).toEqual([own]);
    expect(await resolveMerchant(message, rig.deps(bytes))).toBe("known");
  });

  test.each(["before", "after"] as const)(
    "F62: a process that dies %s any of its calls to the tables leaves what the next delivery completes",
    async (moment) => {
      for (let nth = 1, died = true; died; nth++) {
        const { receipt, bytes, message } = await rig.published();
        // Each later than answers are kept, so that each asks.
        const time = now + nth * (moment === "before" ? 100 : 103) * 24 * 3_600_000;
        const earlier = { ...rig.deps(bytes), places: undefined, similar: near(unsure) };
        expect(await resolveMerchant(message, earlier)).toBe("proposed");
        const dying = dyingClient(nth, moment);
        died = await resolveMerchant(message, rig.deps(bytes, {}, { client: dying.client, time })).then(
          () => false,
          (error: Error) => error.message === "killed",
        );
        expect(dying.calls >= nth).toBe(died);
        // A claim of the dead process lapses.
        const later = rig.deps(bytes, {}, { time: time + 121_000 });
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
    const { bytes, message } = await rig.published();
    expect(await resolveMerchant({ ...message, run_id: "older" }, rig.deps(bytes))).toBe("superseded");
    const unknown = { ...message, image_id: randomUUID() };
    expect(await resolveMerchant(unknown, rig.deps(bytes))).toBe("superseded");
  });

  test("a delta that S3 does not give writes nothing, and the next delivery resolves", async () => {
    const { receipt, bytes, message } = await rig.published();
    const get = jest.fn(async () => bytes).mockRejectedValueOnce(new Error("503 Slow Down"));
    await expect(resolveMerchant(message, rig.deps(bytes, { deltas: { get } }))).rejects.toThrow("Slow Down");
    expect(await metadataOf(receipt.imageId)).toBeUndefined();
    expect(await resolveMerchant(message, rig.deps(bytes, { deltas: { get } }))).toBe("resolved");
  });

  test("a search that is down returns the message to its queue, and a spent budget is counted for its alarm", async () => {
    const { bytes, message } = await rig.published();
    const counted: string[] = [];
    const metrics = { ...silentMetrics, count: (name: string) => void counted.push(name) };
    const queue = {
      giveBack: async (failed: readonly { readonly messageId: string }[]) =>
        failed.map(({ messageId }) => messageId),
    };
    const delivery = { messageId: "m", receiptHandle: "h", sentTimestamp: now, receives: 1 };
    const deliver = (more: Partial<ResolveDeps>) =>
      resolveDeliveries([{ ...delivery, body: JSON.stringify(message) }], {
        ...rig.deps(bytes, more, { time: now + 900 * 24 * 3_600_000 }),
        metrics,
        queue,
        log: silentLog,
      });
    const similar = { near: () => Promise.reject(new SimilarReceiptsUnavailableError(4, "ECONNREFUSED")) };
    expect(await deliver({ similar })).toEqual(["m"]);
    expect(counted).not.toContain("PlacesBudgetSpent");
    const { places } = rig.deps(bytes, {}, { time: now + 900 * 24 * 3_600_000 });
    const spent = { book: () => Promise.reject(new MerchantBudgetSpentError(5, 3_600)) };
    const budget = spent as unknown as PlacesBudget;
    expect(await deliver({ places: places && { ...places, budget } })).toEqual(["m"]);
    expect(counted).toContain("PlacesBudgetSpent");
  });

  test("a proposal keeps the canonical name of its merchant, and so does what a person accepts", async () => {
    const { receipt, bytes, message } = await rig.published();
    const canonical_merchant_name = "Salted Anchor";
    const similar = near({ ...unsure, facts: { ...unsure.facts, canonical_merchant_name } });
    const deps = { ...rig.deps(bytes), places: undefined, similar };
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
    const { receipt, bytes, message } = await rig.published([
      ...anchorRows.slice(0, 2),
      `TEL 0155 ${Math.random().toFixed(6).slice(2)}`,
    ]);
    const deps = rig.deps(bytes);
    const client = { search: async () => ["w1", "w2"], details: async () => wrong };
    const places = deps.places && {
      ...deps.places,
      client,
      answers: answersAt(tables, () => now + 40 * 24 * 3_600_000),
    };
    expect(await resolveMerchant(message, { ...deps, places })).toBe("none");
    expect(await metadataOf(receipt.imageId)).toBeUndefined();
  });

  test("what OCR extracted comes from the words in the table", async () => {
    const { receipt, bytes, message } = await rig.published(["THE SALTED ANCHOR CAFE", "TOTAL 3.80"]);
    const word = {
      PK: `IMAGE#${receipt.imageId}`,
      SK: "RECEIPT#00001#LINE#00001#WORD#00001",
      extracted_data: { type: "phone", value: "0155 014 220" },
    };
    await tables.client.send(new PutCommand({ TableName: tables.sourceTable, Item: word }));
    expect(await resolveMerchant(message, rig.deps(bytes))).toBe("resolved");
    expect(await metadataOf(receipt.imageId)).toMatchObject({
      evidence: expect.arrayContaining([{ kind: "phone", printed: "0155 014 220" }]),
    });
  });

  test("without places a single agreement is a proposal, which a person's decision ends", async () => {
    const { receipt, bytes, message } = await rig.published();
    const deps = { ...rig.deps(bytes), places: undefined, similar: near(unsure) };
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
