import { MemoryGuard } from "../../../core/bulk/workers/memory-guard.ts";

let usedBytes: number;
let busy: number;
let done: string[];
let guard: MemoryGuard;

beforeEach(() => {
  [usedBytes, busy, done] = [500, 1, []];
  guard = new MemoryGuard({
    limitBytes: 1_000,
    usedBytes: () => usedBytes,
    busy: () => busy,
    pause: () => done.push("pause"),
    resume: () => done.push("resume"),
    replace: () => done.push("replace"),
  });
});

function look(used: number): void {
  usedBytes = used;
  guard.look();
}

test("pauses above 90 % of the limit, once", () => {
  for (const used of [900, 901, 950, 990]) look(used);
  expect(done).toEqual(["pause"]);
  expect(guard.isPaused).toBe(true);
});

test("resumes below 80 %, not at once below 90 %", () => {
  for (const used of [950, 890, 800]) look(used);
  expect(done).toEqual(["pause"]);
  look(799);
  expect(done).toEqual(["pause", "resume"]);
});

test("F61: replaces a process that stays large for three looks without a job, and none that still works", () => {
  for (let time = 0; time < 9; time += 1) look(950);
  expect(done).toEqual(["pause"]);
  busy = 0;
  look(950);
  look(950);
  expect(done).toEqual(["pause"]);
  look(950);
  look(950);
  expect(done).toEqual(["pause", "replace"]);
});
