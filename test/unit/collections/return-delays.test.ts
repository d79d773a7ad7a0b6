import { maxChangeReceives } from "../../../contract/collections.ts";
import type { QueuedMessage } from "../../../core/collections/messages/collection-queue.ts";
import {
  delaysAfterCycle,
  delaysAfterFailure,
  type Returned,
} from "../../../core/collections/messages/return-delays.ts";

const message = (groupId: string, receives = 1, messageId = groupId) =>
  ({ groupId, receives, messageId }) as QueuedMessage;

const delayOf = (returned: readonly Returned[], id: string) =>
  returned.find(({ messages }) => messages.some(({ messageId }) => messageId === id))?.seconds;

describe("F26: messages of a failed cycle", () => {
  test("return in halves, so that two poison messages are in different cycles next time", () => {
    const returned = delaysAfterFailure([message("a"), message("b"), message("c"), message("d")]);
    expect(
      returned.map(({ messages, seconds }) => [messages.map(({ groupId }) => groupId), seconds]),
    ).toEqual([
      [["a", "b"], 5],
      [["c", "d"], 15],
    ]);
    expect(delayOf(delaysAfterFailure([message("a"), message("b")]), "a")).toBe(5);
    expect(delayOf(delaysAfterFailure([message("a"), message("b")]), "b")).toBe(15);
  });

  test("back off by their own receives, whatever the others have been through", () => {
    const returned = delaysAfterFailure([
      message("a", 1),
      message("b", 4),
      message("c", 1),
      message("d", 40),
    ]);
    expect(["a", "b", "c", "d"].map((id) => delayOf(returned, id))).toEqual([5, 40, 15, 900]);
  });

  test("of one group have one delay, so the order in the group stays", () => {
    const returned = delaysAfterFailure([message("a", 1, "first"), message("a", 3, "second"), message("b")]);
    expect(delayOf(returned, "first")).toBe(delayOf(returned, "second"));
  });
});

test("F49: what waits for room above the base outlasts a day without it, within the receives that its queue allows", () => {
  const delays = [1, 2, 4, 5, 100].map(
    (receives) => delaysAfterCycle([message("a", receives)], () => true)[0]?.seconds,
  );
  expect(delays).toEqual([10, 20, 80, 90, 90]);
  const waited = Array.from({ length: maxChangeReceives }, (_, n) =>
    Number(delaysAfterCycle([message("a", n + 1)], () => true)[0]?.seconds),
  ).reduce((sum, seconds) => sum + seconds, 0);
  expect(waited).toBeGreaterThan(86_400);
});

test("what a cycle leaves open although it did not fail returns within seconds", () => {
  expect(delaysAfterCycle([message("a", 9), message("b")]).map(({ seconds }) => seconds)).toEqual([5]);
});
