import type { BatchGetCommand, DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { noCurrent } from "../../../core/runs/current-run.ts";
import { readCurrents } from "../../../core/runs/read-currents.ts";
import { currentAttributes, currentKey } from "../../../core/runs/run-item.ts";
import { ItemUnreadableError } from "../../../core/unreadable-item.ts";

const receiptOf = (receiptId: number) => ({ imageId: "i", receiptId });
const [sound, throttled, edited] = [receiptOf(1), receiptOf(2), receiptOf(3)] as const;

const clock = { now: () => 0, sleep: async () => undefined };

/** Answers with the items, and never with that of the throttled receipt. */
const table = {
  async send({ input }: BatchGetCommand) {
    const keys = input.RequestItems?.control?.Keys ?? [];
    const isThrottled = ({ PK }: Record<string, unknown>) => PK === currentKey(throttled).PK;
    return {
      Responses: {
        control: keys
          .filter((key) => !isThrottled(key))
          .map((key) => ({
            ...key,
            ...currentAttributes(noCurrent, 1),
            ...(key.PK === currentKey(edited).PK && { state: "LOST" }),
          })),
      },
      UnprocessedKeys: { control: { Keys: keys.filter(isThrottled) } },
    };
  },
} as unknown as DynamoDBDocumentClient;

test("F26: a receipt whose item is not answered or cannot be read keeps no other back", async () => {
  const currentOf = await readCurrents({ client: table, controlTable: "control", clock }, [
    sound,
    throttled,
    edited,
  ]);
  expect(currentOf(sound)).toMatchObject({ state: "ACTIVE", version: 1 });
  expect(() => currentOf(throttled)).toThrow("1 items are still unprocessed");
  expect(() => currentOf(edited)).toThrow(ItemUnreadableError);
});
