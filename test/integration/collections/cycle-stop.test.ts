import { CycleAbandonedError, CycleStop } from "../../../core/collections/cycle/cycle-stop.ts";
import { startDocuments } from "../../../core/collections/cycle/start-documents.ts";
import { publishOver } from "../../../core/collections/generations/publish-over.ts";
import { underLease } from "../../../core/collections/lease/under-lease.ts";
import type { DocumentWork, RunWork } from "../../../core/collections/messages/document-work.ts";
import { FailedMessages } from "../../../core/collections/messages/failed-messages.ts";
import { MessagesInFlight } from "../../../core/collections/messages/messages-in-flight.ts";
import type { Delta } from "../../../core/deltas/delta.ts";
import { deltaPrefix } from "../../../core/deltas/keys.ts";
import { CompactionRig } from "../../unit/collections/compaction-rig.ts";
import { deltaOf } from "../../unit/collections/sample-deltas.ts";

jest.setTimeout(60_000);

const old = deltaOf(1, "old", ["milk"]);
const current = deltaOf(1, "current", ["butter"]);
let rig: CompactionRig;
let over: AbortController;
beforeEach(async () => {
  rig = await CompactionRig.start();
  over = new AbortController();
});
afterEach(() => rig.stop());

describe("once its process has to end", () => {
  test("a head is not moved, although all of the generation is written", async () => {
    const parts = await rig.process();
    const { signal } = new CycleStop("lines", over.signal);
    const publishing = underLease({ ...parts, leaseMs: 5_000 }, 0, (lease) =>
      publishOver({ ...parts, signal }, lease, undefined, async () => {
        over.abort();
        return { generation: 1, name: "00000001-1", base: null };
      }),
    );
    await expect(publishing).rejects.toThrow(CycleAbandonedError);
    expect(await rig.head()).toBeUndefined();
  });

  const workOf = (delta: Delta): RunWork => ({
    run: delta,
    deltaPrefix: deltaPrefix({ ...delta, collection: "lines" }),
    messages: [],
  });
  const work: DocumentWork = {
    document: { imageId: old.imageId, receiptId: 1 },
    runs: [workOf(current), workOf(old)],
    removals: [{ part: "LINE#00001", revision: 1_000_000 }],
    changeMessages: [],
    isDoubted: false,
  };

  /** Starts the runs of a document after `spy`, which has its process end in the middle of that. */
  async function startStopped(works: DocumentWork, spy: () => void): Promise<unknown> {
    await rig.embed(old);
    await rig.embed(current);
    const parts = await rig.process();
    const messages = new MessagesInFlight([]);
    const failed = new FailedMessages({ ...parts, maxFailures: 3, token: 1, messages });
    const { signal } = new CycleStop("lines", over.signal);
    const deps = { ...parts, token: 1, confirmLease: async () => undefined, messages, failed, signal };
    spy();
    return startDocuments(deps, "lines", [works]).catch((error: unknown) => error);
  }

  const states = async () => [(await rig.stateOf(current))?.state, (await rig.stateOf(old))?.state];

  test("no further run is started", async () => {
    const error = await startStopped(work, () => {
      const start = rig.runs.start.bind(rig.runs);
      jest.spyOn(rig.runs, "start").mockImplementationOnce(async (...input) => {
        const answer = await start(...input);
        over.abort();
        return answer;
      });
    });
    expect(error).toBeInstanceOf(CycleAbandonedError);
    expect(await states()).toEqual(["PROCESSING", "PENDING"]);
  });

  test("no removal is recorded", async () => {
    const error = await startStopped(work, () => {
      const existing = rig.items.existing.bind(rig.items);
      jest.spyOn(rig.items, "existing").mockImplementationOnce(async (...input) => {
        const answer = await existing(...input);
        over.abort();
        return answer;
      });
    });
    expect(error).toBeInstanceOf(CycleAbandonedError);
    expect((await rig.runs.current(work.document))?.removed.size).toBe(0);
  });

  test("no run is closed", async () => {
    const error = await startStopped({ ...work, removals: [] }, () => {
      const read = rig.runs.currents.bind(rig.runs);
      jest.spyOn(rig.runs, "currents").mockImplementationOnce(async (...input) => {
        const answer = await read(...input);
        over.abort();
        return answer;
      });
    });
    expect(error).toBeInstanceOf(CycleAbandonedError);
    expect(await states()).toEqual(["PROCESSING", "PROCESSING"]);
  });
});
