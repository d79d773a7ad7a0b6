import { HealthCheck, takesWork } from "../../../core/bulk/api/check-health.ts";
import { healthDeps } from "./health-deps.ts";

const never = () => new Promise<never>(() => {});
const fails = async () => Promise.reject(new Error("connect ECONNREFUSED 10.0.0.7:6379"));

test("is healthy when all answer, and adds up what waits in both queues", async () => {
  expect(await new HealthCheck(healthDeps()).read()).toEqual({
    status: "healthy",
    version: "1",
    workers: { active: 1, available: 1, queued_tasks: 6 },
    redis: "connected",
    dynamodb: "connected",
  });
});

test.each([
  ["the broker fails", { report: fails }, { redis: "unreachable" }],
  [
    "no worker is alive",
    { alive: async () => [] },
    { workers: { active: 0, available: 0, queued_tasks: 6 } },
  ],
  [
    "the queue fails",
    { report: fails, waiting: fails },
    { workers: { active: 1, available: 1, queued_tasks: null } },
  ],
])("is degraded and takes work when %s", async (_, answers, told) => {
  const health = await new HealthCheck(healthDeps(answers)).read();
  expect(health).toMatchObject({ status: "degraded", ...told });
  expect(takesWork(health)).toBe(true);
});

test("is degraded when the broker may evict jobs, and says so", async () => {
  const problem = "maxmemory-policy is volatile-lru";
  const health = await new HealthCheck(
    healthDeps({ report: async () => ({ problem, memoryPercent: 3 }) }),
  ).read();
  expect(health).toMatchObject({ status: "degraded", redis: problem });
});

test("takes no work while the table is away, and names no host", async () => {
  const health = await new HealthCheck(healthDeps({ get: fails })).read();
  expect(health).toMatchObject({ status: "degraded", dynamodb: "unreachable" });
  expect(takesWork(health)).toBe(false);
  expect(JSON.stringify(health)).not.toContain("10.0.0.7");
});

describe("by a clock", () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  const clock = {
    now: () => Date.now(),
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  };

  test("waits half a second for one that does not answer", async () => {
    const health = new HealthCheck({ ...healthDeps({ report: never }), clock }).read();
    await jest.advanceTimersByTimeAsync(500);
    expect(await health).toMatchObject({ status: "degraded", redis: "no answer within 500 ms" });
  });

  test("looks once in two seconds, however often it is asked", async () => {
    let looks = 0;
    const get = async () => {
      looks += 1;
      return undefined;
    };
    const check = new HealthCheck({ ...healthDeps({ get }), clock });
    for (let time = 0; time < 100; time += 1) await check.read();
    expect(looks).toBe(1);
    await jest.advanceTimersByTimeAsync(2_000);
    await check.read();
    expect(looks).toBe(2);
  });
});
