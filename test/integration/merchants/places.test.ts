import { randomUUID } from "node:crypto";
import type { MerchantFacts } from "../../../core/merchants/candidate.ts";
import { PlacesBudget } from "../../../core/merchants/places/places-budget.ts";
import {
  MerchantBudgetSpentError,
  PlaceQueryClaimedError,
  PlacesNotAllowedError,
  PlacesThrottledError,
  PlacesUnavailableError,
} from "../../../core/merchants/places/places-errors.ts";
import { Tables } from "../../unit/runs/tables.ts";
import { anchor, answersAt, now, OnePlace } from "./one-place.ts";

let tables: Tables;
let places: OnePlace;

beforeAll(async () => {
  [tables, places] = await Promise.all([Tables.start(), OnePlace.start()]);
});
afterAll(async () => {
  await places.stop();
  await tables.stop();
});

describe("the client of Google Places", () => {
  afterEach(() => places.faults());

  test("asks for ids, then for the details of one place", async () => {
    const { client } = places.client();
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
    await places.faults(
      { kind: "status", status: 500 },
      { kind: "breaks off" },
      { kind: "text", text: "[]" },
      { kind: "status", status: 429, retryAfterSeconds: 7 },
    );
    const { client, slept } = places.client();
    expect(await client.search("0155 014 220", 2)).toEqual([anchor.id]);
    expect(slept).toHaveLength(4);
    expect(slept[3]).toBe(7_000);
  });

  test("gives up after four failures, and defers at a 429 beyond its deadline", async () => {
    await places.faults(...Array.from({ length: 4 }, () => ({ kind: "status", status: 503 })));
    await expect(places.client().client.search("x", 2)).rejects.toThrow(PlacesUnavailableError);
    await places.faults({ kind: "status", status: 429, retryAfterSeconds: 90 });
    await expect(places.client().client.search("x", 2)).rejects.toMatchObject({ delaySeconds: 90 });
    await places.faults({ kind: "status", status: 429, retryAfterSeconds: 90 });
    await expect(places.client().client.search("x", 2)).rejects.toThrow(PlacesThrottledError);
  });

  test("does not repeat what is refused", async () => {
    await places.faults({ kind: "status", status: 403 });
    const { client, slept } = places.client();
    await expect(client.search("x", 2)).rejects.toThrow(PlacesNotAllowedError);
    expect(slept).toEqual([]);
  });

  test("an answer without an end is cut off", async () => {
    await places.faults(...Array.from({ length: 4 }, () => ({ kind: "text", text: "x".repeat(300_000) })));
    await expect(places.client().client.search("x", 2)).rejects.toThrow(/more than 262144 bytes/);
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
    const all = await Promise.allSettled(
      Array.from({ length: 8 }, () => answersAt(tables, () => now).get(key, ask)),
    );
    expect(asked).toBe(1);
    const refused = all.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
    expect(refused.every((error) => error instanceof PlaceQueryClaimedError)).toBe(true);
    expect(await answersAt(tables, () => now).get(key, ask)).toEqual(facts);
    expect(asked).toBe(1);
  });

  test("a claim of a dead process lapses, and a failed question leaves none", async () => {
    const key = `phone:${randomUUID()}`;
    const claimed = Promise.withResolvers<void>();
    // Its process dies while it asks.
    void answersAt(tables, () => now).get(key, () => {
      claimed.resolve();
      return new Promise(() => undefined);
    });
    await claimed.promise;
    const asking = answersAt(tables, () => now).get(key, async () => facts);
    await expect(asking).rejects.toThrow(PlaceQueryClaimedError);
    expect(await answersAt(tables, () => now + 121_000).get(key, async () => facts)).toEqual(facts);

    const failing = `phone:${randomUUID()}`;
    const fails = async () => {
      throw new Error("down");
    };
    await expect(answersAt(tables, () => now).get(failing, fails)).rejects.toThrow("down");
    expect(await answersAt(tables, () => now).get(failing, async () => facts)).toEqual(facts);
  });

  test("an answer expires, although its item is still there", async () => {
    const key = `phone:${randomUUID()}`;
    await answersAt(tables, () => now).get(key, async () => facts);
    const later = answersAt(tables, () => now + 31 * 24 * 3_600_000);
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
