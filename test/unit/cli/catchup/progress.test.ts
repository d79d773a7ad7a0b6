import { CatchUpRefusedError, CatchUpUnreachableError } from "../../../../cli/catchup/client.ts";
import { follow } from "../../../../cli/catchup/follow.ts";
import { progressOf } from "../../../../cli/catchup/progress.ts";
import { shown } from "./shown.ts";

describe("the progress of a task", () => {
  it("says that rows are counted until they are", () => {
    expect(progressOf(shown({ total_records: null }), 2, 0).line).toBe("2 s: counting the rows");
  });

  it("counts failed records as done, and computes rate and time left since the first look", () => {
    const half = shown({
      processed_records: 18,
      failed_records: 2,
      filtered_records: 5,
      chunks_completed: 2,
    });
    const { block, line } = progressOf(half, 2, 10);
    expect(block).toEqual([
      `  ${"█".repeat(15)}${"░".repeat(15)} 20/40 records`,
      "  2 of 4 chunks, 2 failed, 5 outside the dates, 5 records/s, about 4 s left, 2 s",
    ]);
    expect(line).toBe(
      "2 s: 20/40 records; 2 of 4 chunks, 2 failed, 5 outside the dates, 5 records/s, about 4 s left",
    );
  });

  it("is full where there was nothing to do", () => {
    expect(progressOf(shown({ total_records: 0 }, { status: "SKIPPED" }), 0, 0).block[0]).toMatch(
      /█{30} 0\/0/,
    );
  });
});

describe("following a task", () => {
  const looks = (...answers: (ReturnType<typeof shown> | Error)[]) => ({
    status: async () => {
      const next = answers.shift();
      if (next === undefined || next instanceof Error) throw next ?? new Error("asked too often");
      return next;
    },
  });
  const gone = new CatchUpUnreachableError("http://api", "HTTP 502");
  const over = shown({ processed_records: 40 }, { status: "COMPLETED" });

  it("shows every look until it is over, and survives an API that is gone for a moment", async () => {
    const seen: number[] = [];
    const client = looks(shown({ processed_records: 10 }), gone, gone, over);
    const last = await follow("task", client, ({ progress }) => seen.push(progress.processed_records), {
      everyMs: 0,
    });
    expect([seen, last]).toEqual([[10, 40], over]);
  });

  it("ends with an API that stays away, and at once with one that knows no such task", async () => {
    const away = Array.from({ length: 10 }, () => gone);
    await expect(follow("task", looks(...away, over), () => {}, { everyMs: 0 })).rejects.toBe(gone);
    const refused = new CatchUpRefusedError(404, "There is no task.");
    await expect(follow("task", looks(refused, over), () => {}, { everyMs: 0 })).rejects.toBe(refused);
  });
});

test("the bar moves while a chunk is worked on", () => {
  const still = progressOf(shown({}), 10, 0);
  const moving = progressOf(shown({ under_way: { embedded_records: 20, written_records: 8 } }), 10, 0);
  expect(moving.block[0]).not.toBe(still.block[0]);
  expect(moving.line).toContain("20 embedded and 8 written of chunks under way");
});
