import { CircuitBreaker, CircuitOpenError } from "../../../core/resilience/circuit-breaker.ts";

class AwayError extends Error {}
const away = () => Promise.reject(new AwayError("away"));
const refused = () => Promise.reject(new Error("refused"));

let breaker: CircuitBreaker;

beforeEach(() => {
  jest.useFakeTimers({ now: Date.parse("2026-03-02T10:00:00Z") });
  breaker = new CircuitBreaker({
    dependency: "The index",
    maxFailures: 3,
    openMs: 60_000,
    isOutage: (error) => error instanceof AwayError,
  });
});
afterEach(() => jest.useRealTimers());

async function open(): Promise<void> {
  for (let time = 0; time < 3; time += 1) await breaker.run(away).catch(() => undefined);
}

test("opens at the third consecutive failure, which is told as the others would be told from there on", async () => {
  await expect(breaker.run(away)).rejects.toBeInstanceOf(AwayError);
  await expect(breaker.run(away)).rejects.toBeInstanceOf(AwayError);
  await expect(breaker.run(away)).rejects.toBeInstanceOf(CircuitOpenError);
});

test("calls nothing while it is open, and says until when", async () => {
  await open();
  const call = jest.fn();
  const refusal = await breaker.run(call).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: "VK_CIRCUIT_OPEN", retryAt: Date.now() + 60_000 });
  expect(() => breaker.check()).toThrow(CircuitOpenError);
  expect(call).not.toHaveBeenCalled();
});

test("lets one call through after its time, and closes when that succeeds", async () => {
  await open();
  jest.setSystemTime(Date.now() + 60_000);
  expect(() => breaker.check()).not.toThrow();
  expect(await breaker.run(async () => "back")).toBe("back");
  await expect(breaker.run(away)).rejects.toBeInstanceOf(AwayError);
});

test("opens again for as long when that one fails", async () => {
  await open();
  jest.setSystemTime(Date.now() + 60_000);
  const failure = await breaker.run(away).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "VK_CIRCUIT_OPEN", retryAt: Date.now() + 60_000 });
});

test("stays closed for answers of a dependency that works, and a success resets the count", async () => {
  for (let time = 0; time < 9; time += 1) await expect(breaker.run(refused)).rejects.toThrow("refused");
  for (let time = 0; time < 9; time += 1) {
    await expect(breaker.run(away)).rejects.toBeInstanceOf(AwayError);
    await expect(breaker.run(away)).rejects.toBeInstanceOf(AwayError);
    await breaker.run(async () => undefined);
  }
});
