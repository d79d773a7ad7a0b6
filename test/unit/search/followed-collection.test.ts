import { setTimeout as sleep } from "node:timers/promises";
import { type Log, silentLog } from "../../../core/log.ts";
import { FollowedCollection } from "../../../core/search/followed-collection.ts";
import { NothingPublishedError, NotOpenYetError } from "../../../core/search/search-errors.ts";
import { ManualClock } from "../resilience/clocks.ts";
import { ScriptedSource } from "./scripted-source.ts";

function following(log: Log = silentLog) {
  const source = new ScriptedSource();
  return { source, followed: new FollowedCollection("lines", source, log) };
}

describe("a followed collection", () => {
  test("is opening until the head was looked at, empty when it confirms that nothing is published", async () => {
    const { followed } = following();
    expect(followed.health().state).toBe("opening");
    await expect(followed.use(async () => 1)).rejects.toThrow(NotOpenYetError);

    await followed.poll();

    expect(followed.health()).toMatchObject({
      state: "empty",
      generation: null,
      count: null,
      lag_generations: 0,
    });
    await expect(followed.use(async () => 1)).rejects.toThrow(NothingPublishedError);
  });

  test("serves a generation as soon as it is published and says which", async () => {
    const { source, followed } = following();
    source.publish(3);
    await followed.poll();
    expect(await followed.use(async ({ number }) => number)).toBe(3);
    expect(followed.health()).toMatchObject({
      state: "serving",
      generation: 3,
      count: 7,
      lag_generations: 0,
    });
  });

  test("opens nothing again while the head stands still", async () => {
    const { source, followed } = following();
    source.publish(1);
    await followed.poll();
    await followed.poll();
    await followed.poll();
    expect(source.openings).toBe(1);
  });

  test("a request under way finishes on the generation that it began on, which is closed after the last one", async () => {
    const { source, followed } = following();
    source.publish(1);
    await followed.poll();
    const first = Promise.withResolvers<void>();
    const second = Promise.withResolvers<void>();
    const served: number[] = [];
    const requests = [first, second].map(({ promise }) =>
      followed.use(async (generation) => {
        await promise;
        await generation.query({ vector: [1], k: 1, filter: [] });
        served.push(generation.number);
      }),
    );

    source.publish(2);
    await followed.poll();
    expect(await followed.use(async ({ number }) => number)).toBe(2);
    expect(source.opened[0]?.closed).toBe(false);

    first.resolve();
    await requests[0];
    expect(source.opened[0]?.closed).toBe(false);
    second.resolve();
    await requests[1];
    expect(served).toEqual([1, 1]);
    expect(source.opened.map(({ closed }) => closed)).toEqual([true, false]);
  });

  test("an idle generation is closed at the swap", async () => {
    const { source, followed } = following();
    source.publish(1);
    await followed.poll();
    source.publish(2);
    await followed.poll();
    expect(source.opened.map(({ closed }) => closed)).toEqual([true, false]);
  });

  test("a corrupt generation leaves the previous one in service, and the log and the health check name it", async () => {
    const errors: Record<string, unknown>[] = [];
    const { source, followed } = following({ ...silentLog, error: (_, fields) => errors.push(fields ?? {}) });
    source.publish(1);
    await followed.poll();
    source.corrupt.add(source.publish(2).name);
    await followed.poll();

    expect(await followed.use(async ({ number }) => number)).toBe(1);
    expect(followed.health()).toMatchObject({
      state: "serving",
      generation: 1,
      head_generation: 2,
      lag_generations: 1,
    });
    expect(followed.health().problem).toMatch(/00000002-1 could not be opened.*manifest mismatch/);
    expect(errors).toEqual([
      {
        shard: "lines",
        generation_name: "00000001-1",
        error_name: "RangeError",
        reason: "manifest mismatch in chroma.sqlite3",
      },
    ]);
  });

  test("a corrupt generation is not copied again at every poll, and the next one is opened at once", async () => {
    const { source, followed } = following();
    source.corrupt.add(source.publish(1).name);
    for (let look = 0; look < 5; look += 1) await followed.poll();
    expect(source.openings).toBe(1);
    expect(followed.health().state).toBe("opening");
    source.publish(2);
    await followed.poll();
    expect(followed.health()).toMatchObject({ state: "serving", generation: 2, problem: null });
  });

  test("an unreadable head does not change the served generation, and the health check reports it", async () => {
    const { source, followed } = following();
    source.publish(1);
    await followed.poll();
    source.unreachable = true;
    await followed.poll();
    expect(followed.health()).toMatchObject({
      state: "serving",
      generation: 1,
      problem: "The head could not be read: the control table does not answer",
    });
    source.unreachable = false;
    await followed.poll();
    expect(followed.health().problem).toBeNull();
  });

  test("a generation whose server has gone is opened again", async () => {
    const { source, followed } = following();
    source.publish(1);
    await followed.poll();
    for (const generation of source.opened) generation.running = false;
    await followed.poll();
    expect(source.opened).toHaveLength(2);
    expect(await followed.use(async (generation) => generation.alive())).toBe(true);
  });

  test("a head is looked at every second, and four times a second for ten seconds after it has moved", async () => {
    const source = new ScriptedSource();
    const clock = new ManualClock();
    const waits: number[] = [];
    const stop = new AbortController();
    const followed = new FollowedCollection("lines", source, silentLog, {
      now: () => clock.now(),
      async sleep(ms) {
        waits.push(ms);
        if (waits.length === 2) source.publish(1);
        if (waits.length === 45) stop.abort();
        await clock.sleep(ms);
      },
    });
    await followed.follow(1_000, stop.signal);
    expect(waits).toEqual([1_000, 1_000, ...Array<number>(40).fill(250), 1_000, 1_000, 1_000]);
    await followed.close();
  });

  test("following ends with its signal, and closing closes what is served", async () => {
    const { source, followed } = following();
    source.publish(1);
    const stop = new AbortController();
    const ended = followed.follow(5, stop.signal);
    await sleep(20);
    source.publish(2);
    await sleep(40);
    stop.abort();
    await ended;
    await followed.close();
    expect(source.opened.map(({ number, closed }) => [number, closed])).toEqual([
      [1, true],
      [2, true],
    ]);
  });
});
