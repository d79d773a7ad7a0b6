import fc from "fast-check";
import { all, chosen, Random } from "../seeds.ts";
import { play, schedules } from "./schedule.ts";
import { type Guard, guards } from "./world.ts";

const numRuns = all ? 50_000 : 5_000;
const guardsOfDeltas: readonly Guard[] = [
  "a delta that a kept generation names is not swept",
  "a publish names its deltas before it looks whether one is going",
  "a fold forgets no delta that is named",
  "a publish notes no delta only where the head names all of them",
];
const guardsOfFolds: readonly Guard[] = [
  "a fold is not published over another base",
  "a fold keeps what was published while it ran",
  "a fold is published under its own lease",
  "what a holder has written is no garbage",
  "a fold forgets no delta that is named",
  "a generation is whole before the head names it",
];
const seed = new Random("model").below(2 ** 31);

describe("F2 F3 F4 F5 F21 F49 F50 F51: a model of leases, drain, publish, fold, acknowledge and sweep, over random schedules", () => {
  test("whatever is paused, dies or gets lost: what counts is published, and no run stays open", () => {
    for (const sweeps of [true, false]) {
      for (const folds of [true, false]) {
        fc.assert(
          fc.property(schedules({ sweeps, folds }), (schedule) => play(schedule)),
          { numRuns: numRuns / 4, seed },
        );
      }
    }
  });

  test.each(chosen(guards, 4))("it finds the bug where it is not so that %s", (guard) => {
    const among = { sweeps: guardsOfDeltas.includes(guard), folds: guardsOfFolds.includes(guard) };
    const found = fc.check(
      fc.property(schedules(among), (schedule) => play(schedule, guard)),
      { numRuns: 50_000, seed: 1, endOnFailure: true },
    );
    expect(found.failed).toBe(true);
    expect(String(found.errorInstance)).toContain("ProtocolBrokenError");
  });
});
