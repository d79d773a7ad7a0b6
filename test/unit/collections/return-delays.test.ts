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

test("what a cycle leaves open although it did not fail returns within seconds", () => {
  expect(delaysAfterCycle([message("a", 9), message("b")]).map(({ seconds }) => seconds)).toEqual([5]);
});
