import { DynamoRateLimiter } from "../../../core/resilience/dynamo-rate-limiter.ts";
import { Tables } from "../../unit/runs/tables.ts";

let tables: Tables;

beforeAll(async () => {
  tables = await Tables.start();
});
afterAll(() => tables.stop());

const hour = 3_600_000;
/** All processes see the same time, which stands still unless a test moves it. */
let now = Date.parse("2026-11-30T12:00:00Z");

/** A process's limiter; those of one account share the stack's limits. */
function limiter(account: string, changes: { requestsPerMinute?: number; tokensPerMinute?: number } = {}) {
  const { requestsPerMinute = 60, tokensPerMinute = 6_000_000 } = changes;
  return new DynamoRateLimiter({
    client: tables.client,
    controlTable: tables.controlTable,
    account,
    requestsPerMinute,
    tokensPerMinute,
    clock: { now: () => now },
  });
}

test("a process may spend ten seconds of the rate at once, then waits its turn", async () => {
  const own = limiter("one process");
  const waits: (number | undefined)[] = [];
  for (let request = 0; request < 12; request++) waits.push(await own.book(1, hour));
  expect(waits.slice(0, 10)).toEqual(Array(10).fill(0));
  expect(waits.slice(10)).toEqual([1_000, 2_000]);
  now += 2_500;
  expect(await own.book(1, hour)).toBe(500);
});

test("processes that book at the same time never book the same turn", async () => {
  const processes = Array.from({ length: 6 }, () => limiter("six processes", { requestsPerMinute: 6 }));
  const waits = await Promise.all(processes.map((own) => own.book(1, hour)));
  const sorted = waits.map((wait) => wait ?? -1).sort((a, b) => a - b);
  expect(sorted).toEqual([0, 10_000, 20_000, 30_000, 40_000, 50_000]);
});

test("tokens are a limit of their own", async () => {
  const own = limiter("tokens", { tokensPerMinute: 60_000 });
  expect(await own.book(10_000, hour)).toBe(0);
  expect(await own.book(5_000, hour)).toBe(5_000);
});

test("returned tokens can be spent again, also by another process", async () => {
  const own = limiter("given back", { tokensPerMinute: 60_000 });
  await own.book(10_000, hour);
  await own.giveBack(10_000);
  expect(await limiter("given back", { tokensPerMinute: 60_000 }).book(9_000, hour)).toBe(0);
});

test("a wait that is too long books nothing, and remembered bookings are looked up again first", async () => {
  const own = limiter("too long", { tokensPerMinute: 60_000 });
  await own.book(10_000, hour);
  expect(await own.book(10_000, 100)).toBeUndefined();
  const other = limiter("too long", { tokensPerMinute: 60_000 });
  await other.giveBack(10_000);
  expect(await own.book(9_000, 100)).toBe(0);
});

test("a booking that another process came before is repeated by the answer, without a read", async () => {
  const [own, other] = [limiter("in between"), limiter("in between")];
  await own.book(1, hour);
  await other.book(1, hour);
  const sent = jest.spyOn(tables.client, "send");
  await own.book(1, hour);
  const commands = sent.mock.calls.map(([command]) => command.constructor.name);
  sent.mockRestore();
  expect(commands).toEqual(["UpdateCommand", "UpdateCommand"]);
});
