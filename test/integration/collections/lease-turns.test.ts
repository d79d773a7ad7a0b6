import { GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { acquireLease } from "../../../core/collections/lease/lease.ts";
import { monotonicClock } from "../../../core/resilience/clock.ts";
import { Tables } from "../../unit/runs/tables.ts";

jest.setTimeout(60_000);

let tables: Tables;
beforeEach(async () => {
  tables = await Tables.start();
});
afterEach(() => tables.stop());

test("F3: twenty processes that add to one number in turns lose none of their additions", async () => {
  const { client, controlTable } = tables;
  const contenders = 20;
  const rounds = 5;
  const place = { TableName: controlTable, Key: { PK: "SUM", SK: "SUM" } };
  const addOne = async () => {
    const { Item } = await client.send(new GetCommand({ ...place, ConsistentRead: true }));
    await client.send(
      new UpdateCommand({
        ...place,
        UpdateExpression: "SET additions = :additions",
        ExpressionAttributeValues: { ":additions": Number(Item?.additions ?? 0) + 1 },
      }),
    );
  };
  const tokens: number[] = [];
  const contend = async () => {
    for (let round = 0; round < rounds; round += 1) {
      const lease = await acquireLease(
        { client, controlTable, shard: "lines", clock: monotonicClock, leaseMs: 5_000 },
        { waitMs: 60_000, maxWaitMs: 60_000 },
      );
      if (!lease) throw new Error("Every process gets its turn.");
      tokens.push(lease.token);
      await addOne();
      lease.assertHeld();
      await lease.release();
    }
  };
  await Promise.all(Array.from({ length: contenders }, contend));
  const { Item } = await client.send(new GetCommand({ ...place, ConsistentRead: true }));
  expect(Item?.additions).toBe(contenders * rounds);
  expect(tokens).toEqual(tokens.toSorted((a, b) => a - b));
  expect(new Set(tokens).size).toBe(contenders * rounds);
});
