import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { gaugeFileSystem } from "../../../core/sweep/gauge-file-system.ts";
import { Tables } from "../../unit/runs/tables.ts";

const gibibyte = 1024 ** 3;

let tables: Tables;

beforeAll(async () => {
  tables = await Tables.start();
});
afterAll(() => tables.stop());

async function publish(shard: string, storedBytes?: number): Promise<void> {
  await tables.client.send(
    new UpdateCommand({
      TableName: tables.controlTable,
      Key: { PK: `COLLECTION#${shard}`, SK: "HEAD" },
      UpdateExpression: `SET head_name = :name${storedBytes === undefined ? "" : ", stored_bytes = :bytes"}`,
      ExpressionAttributeValues: {
        ":name": "00000001-1",
        ...(storedBytes !== undefined && { ":bytes": storedBytes }),
      },
    }),
  );
}

async function gauged(metered: number): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  await gaugeFileSystem({
    control: tables,
    shards: ["lines", "words"],
    meteredBytes: async () => metered,
    metrics: {
      count() {},
      gauge(name, value, unit) {
        expect(unit).toBe("Bytes");
        found[name] = value;
      },
    },
  });
  return found;
}

test("what no published generation explains is gauged beside what the file system is billed for", async () => {
  expect(await gauged(6 * 1024)).toEqual({ FileSystemBytes: 6144, FileSystemBytesUnaccounted: 6144 });
  await publish("lines", 2 * gibibyte);
  expect(await gauged(5 * gibibyte)).toEqual({
    FileSystemBytes: 5 * gibibyte,
    FileSystemBytesUnaccounted: 3 * gibibyte,
  });
});

test("EFS meters late: less than the generations take is nothing unaccounted", async () => {
  expect(await gauged(gibibyte)).toMatchObject({ FileSystemBytesUnaccounted: 0 });
});

test("a shard that has published and recorded nothing yet raises no alarm", async () => {
  await publish("words");
  expect(await gauged(9 * gibibyte)).toEqual({ FileSystemBytes: 9 * gibibyte });
});
