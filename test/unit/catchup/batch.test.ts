import { BatchRefusedError } from "../../../core/catchup/batch/batch-errors.ts";
import { batchLimits } from "../../../core/catchup/batch/batch-limits.ts";
import { unitsOf } from "../../../core/catchup/batch/batch-units.ts";
import { chooseLane } from "../../../core/catchup/batch/choose-lane.ts";
import { linesIn } from "../../../core/catchup/batch/output-lines.ts";
import {
  addVectors,
  decodeVectors,
  encodeVectors,
  textDigest,
} from "../../../core/catchup/chunks/stored-vectors.ts";
import { nothing } from "../../../core/catchup/tasks/counts.ts";
import { estimateOf } from "../../../core/catchup/work/estimate.ts";
import { silentLog } from "../../../core/log.ts";
import { requestOf } from "./requests.ts";

const chunk = (rows: number, bytes: number) => ({ rows, first: 0, last: bytes - 1 });

describe("units", () => {
  test("are 24 full chunks, and the rest", () => {
    const chunks = Array.from({ length: 50 }, () => chunk(2_048, 1_000));
    expect(unitsOf(chunks)).toEqual([
      { unit: 0, first_chunk: 0, chunks: 24 },
      { unit: 1, first_chunk: 24, chunks: 24 },
      { unit: 2, first_chunk: 48, chunks: 2 },
    ]);
  });

  test("end before the bytes of their file are too many, and a chunk above the limits is one of its own", () => {
    const half = batchLimits.sourceBytes / 2 + 1;
    expect(unitsOf([chunk(1, half), chunk(1, half), chunk(100_000, 1), chunk(1, 1)])).toEqual([
      { unit: 0, first_chunk: 0, chunks: 1 },
      { unit: 1, first_chunk: 1, chunks: 1 },
      { unit: 2, first_chunk: 2, chunks: 1 },
      { unit: 3, first_chunk: 3, chunks: 1 },
    ]);
  });
});

describe("lane", () => {
  const megabyte = [chunk(1, 1_000_000)];
  const prices = { usdPerMillionTokens: () => 0.02 };
  // A quarter of a million tokens, at half the price.
  const saving = 0.0025;
  const choose = (asked: object, check = async () => {}, minSavingUsd = saving) =>
    chooseLane(requestOf(asked), megabyte, { batches: { check, minSavingUsd }, prices, log: silentLog });

  test.each([
    ["sync by default", {}, "sync"],
    ["batch if asked for", { lane: "batch" }, "batch"],
    ["sync for a dry run", { lane: "batch", dry_run: true }, "sync"],
    ["batch for auto that saves enough", { lane: "auto" }, "batch"],
    ["sync for auto on the function", { lane: "auto", host: "function" }, "sync"],
  ] as const)("is %s", async (_, asked, lane) => {
    expect(await choose(asked)).toBe(lane);
  });

  test("is sync for auto that saves less, and where the provider has no batches", async () => {
    expect(await choose({ lane: "auto" }, undefined, saving + 0.0001)).toBe("sync");
    const refuses = async () => {
      throw new BatchRefusedError("404");
    };
    expect(await choose({ lane: "auto" }, refuses)).toBe("sync");
  });

  test("is sync with workers, which have no batches", async () => {
    expect(await chooseLane(requestOf({ lane: "batch" }), megabyte, { prices, log: silentLog })).toBe("sync");
  });
});

test("an estimate has the price and the time of both lanes", () => {
  const prices = {
    usdPerMillionTokens: () => 0.02,
    requestsPerMinute: 1_200,
    tokensPerMinute: 1_000_000,
    batchesInFlight: 2,
  };
  const counts = { ...nothing, processed: 3 * batchLimits.inputs, tokens: 6_000_000 };
  expect(estimateOf(counts, prices, undefined)).toEqual({
    tokens: 6_000_000,
    cost_usd: 0.12,
    seconds: 360,
    batch: { cost_usd: 0.06, seconds: 2 * 86_400 },
  });
});

describe("lines of an output", () => {
  async function linesOf(parts: readonly string[], maxBytes = 100) {
    const bytes = (async function* () {
      for (const part of parts) yield Buffer.from(part);
    })();
    const lines: (string | undefined)[] = [];
    for await (const line of linesIn(bytes, maxBytes)) lines.push(line);
    return lines;
  }

  test("are the same however the stream is cut", async () => {
    const text = "first\nß€\n\nlast without an end";
    const bytes = Buffer.from(text);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const parts = (async function* () {
        yield bytes.subarray(0, cut);
        yield bytes.subarray(cut);
      })();
      const lines: (string | undefined)[] = [];
      for await (const line of linesIn(parts, 100)) lines.push(line);
      expect(lines).toEqual(text.split("\n"));
    }
  });

  test("that are too long have no text, and nothing of them is held", async () => {
    expect(await linesOf(["a\n", "long ".repeat(10), "long\nb\n"], 20)).toEqual(["a", undefined, "b"]);
  });
});

describe("vectors that are added to a file of a chunk", () => {
  const space = { model: "any", dimensions: 1 };
  const vector = (value: number) => new Uint8Array(Float32Array.of(value).buffer);

  test("are found beside its own, which stay", () => {
    const file = encodeVectors(new Map([["one", vector(1)]]), space);
    const added = addVectors(
      file,
      [
        [textDigest("one", space), vector(9)],
        [textDigest("two", space), vector(2)],
      ],
      space,
    );
    const found = decodeVectors(added, ["one", "two"], space);
    expect(
      [...found].map(([text, bytes]) => [text, ...new Float32Array(Uint8Array.from(bytes).buffer)]),
    ).toEqual([
      ["one", 1],
      ["two", 2],
    ]);
  });

  test("change nothing if it has them, and take the place of a corrupt file", () => {
    const file = encodeVectors(new Map([["one", vector(1)]]), space);
    expect(addVectors(file, [[textDigest("one", space), vector(1)]], space)).toBeUndefined();
    file[0] = (file[0] ?? 0) ^ 1;
    const added = addVectors(file, [[textDigest("two", space), vector(2)]], space);
    expect([...decodeVectors(added, ["one", "two"], space).keys()]).toEqual(["two"]);
  });
});
