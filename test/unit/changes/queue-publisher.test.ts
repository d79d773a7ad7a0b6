import type { SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import fc from "fast-check";
import {
  batches,
  bytesOf,
  QueuePublisher,
  QueueRejectedError,
} from "../../../core/changes/queue-publisher.ts";
import { ManualClock } from "../resilience/clocks.ts";

type Refuse = (id: string, call: number) => { Code: string; SenderFault: boolean } | undefined;

/** A queue that refuses entries as told, and remembers what it took. */
function queue(refuse: Refuse) {
  const calls: string[][] = [];
  const taken: string[] = [];
  const send = async ({ input }: SendMessageBatchCommand) => {
    const entries = input.Entries ?? [];
    calls.push(entries.map((entry) => entry.Id ?? ""));
    const Failed = entries.flatMap(({ Id = "" }) => {
      const refusal = refuse(Id, calls.length);
      if (!refusal) taken.push(Id);
      return refusal ? [{ Id, ...refusal }] : [];
    });
    return { Failed };
  };
  const publisher = new QueuePublisher({ send } as unknown as SQSClient, "https://queue", new ManualClock());
  return { publisher, calls, taken };
}

const message = (body: string) => ({ body, messageAttributes: {} });
const twelve = Array.from({ length: 12 }, (_, index) => message(`m${index}`));

describe("publishing to a queue", () => {
  test("F7: only the refused entries are sent again", async () => {
    const { publisher, calls, taken } = queue((id, call) =>
      call === 1 && ["2", "5"].includes(id) ? { Code: "InternalError", SenderFault: false } : undefined,
    );
    await publisher.send(twelve);
    expect(calls[1]).toEqual(["2", "5"]);
    expect(taken.toSorted((a, b) => Number(a) - Number(b))).toEqual(twelve.map((_, index) => String(index)));
  });

  test("F7: what stays refused is raised by position, and all others are in the queue", async () => {
    const { publisher, taken } = queue((id) =>
      ["3", "11"].includes(id) ? { Code: "InternalError", SenderFault: false } : undefined,
    );
    const failure = await publisher.send(twelve).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(QueueRejectedError);
    expect((failure as QueueRejectedError).positions).toEqual([3, 11]);
    expect(taken).toHaveLength(10);
  });

  test("an entry that can never be taken is not sent again", async () => {
    const { publisher, calls } = queue((id) =>
      id === "0" ? { Code: "InvalidMessageContents", SenderFault: true } : undefined,
    );
    await expect(publisher.send([message("bad")])).rejects.toThrow("InvalidMessageContents");
    expect(calls).toHaveLength(1);
  });

  test.each([
    ["InvalidMessageContents", true],
    ["KmsThrottled", false],
  ])("F39: an entry refused with %s is poison: %s", async (Code, isPoison) => {
    const { publisher } = queue(() => ({ Code, SenderFault: true }));
    const failure = await publisher.send([message("m")]).catch((error: unknown) => error);
    expect((failure as QueueRejectedError).refusals.get(0)).toMatchObject({ isPoison });
  });

  test("F39: a call refused for what one message carries is sent one by one, and only that one is poison", async () => {
    const taken: string[] = [];
    const send = async ({ input: { Entries = [] } }: SendMessageBatchCommand) => {
      if (Entries.some(({ MessageBody }) => MessageBody === "m3")) {
        throw Object.assign(new Error("too long"), { name: "BatchRequestTooLong" });
      }
      taken.push(...Entries.map(({ Id = "" }) => Id));
      return {};
    };
    const publisher = new QueuePublisher(
      { send } as unknown as SQSClient,
      "https://queue",
      new ManualClock(),
    );
    const failure = await publisher.send(twelve).catch((error: unknown) => error);
    expect([...(failure as QueueRejectedError).refusals]).toEqual([
      [3, { reason: "BatchRequestTooLong too long", isPoison: true }],
    ]);
    expect(taken).toHaveLength(11);
  });

  test("F7: a call that fails altogether counts for its own entries, and the others are still sent", async () => {
    let calls = 0;
    const send = async () => {
      calls += 1;
      if (calls === 1) throw new Error("connection reset");
      return {};
    };
    const publisher = new QueuePublisher(
      { send } as unknown as SQSClient,
      "https://queue",
      new ManualClock(),
    );
    const failure = await publisher.send(twelve).catch((error: unknown) => error);
    expect((failure as QueueRejectedError).positions).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(calls).toBe(2);
  });

  test("calls run beside each other, and the messages of a group keep their order", async () => {
    const groupOf = (position: number) => (position % 5 === 0 ? "often" : `group ${position}`);
    const messages = Array.from({ length: 100 }, (_, position) => ({
      ...message(`m${position}`),
      groupId: groupOf(position),
    }));
    const taken: number[] = [];
    let [open, maxOpen, calls] = [0, 0, 0];
    const send = async ({ input }: SendMessageBatchCommand) => {
      calls += 1;
      open += 1;
      maxOpen = Math.max(maxOpen, open);
      await new Promise(setImmediate);
      open -= 1;
      for (const { Id } of input.Entries ?? []) taken.push(Number(Id));
      return {};
    };
    const sqs = { send } as unknown as SQSClient;
    await new QueuePublisher(sqs, "https://queue", new ManualClock()).send(messages);
    expect([taken.toSorted((a, b) => a - b), maxOpen]).toEqual([[...messages.keys()], 4]);
    expect(calls).toBeLessThanOrEqual(13);
    const often = taken.filter((position) => groupOf(position) === "often");
    expect(often).toEqual(often.toSorted((a, b) => a - b));
  });

  test("batches keep every message once, in order, within ten entries and one MiB", () => {
    const sizes = fc.array(
      fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 1_048_576 })),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(sizes, (lengths) => {
        const messages = lengths.map((length) => message("x".repeat(length)));
        const made = [...batches(messages.entries())];
        expect(made.flat().map((entry) => Number(entry.Id))).toEqual(messages.map((_, index) => index));
        for (const batch of made) {
          expect(batch.length).toBeLessThanOrEqual(10);
          const bytes = batch.reduce((sum, entry) => sum + bytesOf(message(entry.MessageBody ?? "")), 0);
          expect(bytes).toBeLessThanOrEqual(1024 * 1024);
        }
      }),
      { numRuns: 50 },
    );
  });
});
