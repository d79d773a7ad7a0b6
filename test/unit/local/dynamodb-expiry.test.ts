import { ChangeStream } from "../../../local/services/dynamodb/change-stream.ts";
import { Table } from "../../../local/services/dynamodb/store/table.ts";

const now = new Date("2026-11-01T00:00:00Z");
const seconds = now.getTime() / 1000;

test("items expire by a number of seconds that has passed, and the stream says that the service did it", () => {
  const table = new Table("table", { hash: { name: "PK", type: "S" }, range: undefined });
  table.stream = new ChangeStream({ name: "table", keyNames: ["PK"] }, "OLD_IMAGE", now);
  table.expiryAttribute = "expires_at";
  const put = (pk: string, expires_at?: { N: string } | { S: string }) =>
    table.write(undefined, { PK: { S: pk }, ...(expires_at && { expires_at }) });
  put("passed", { N: String(seconds - 1) });
  put("to come", { N: String(seconds + 1) });
  put("a text", { S: "1" });
  put("too long ago", { N: String(seconds - 6 * 365 * 24 * 3600) });
  put("never");
  expect(table.expire(now)).toBe(1);
  expect([...table.items.scan(undefined)].map(({ PK }) => PK)).not.toContainEqual({ S: "passed" });
  expect(table.items.size).toBe(4);
  expect(table.stream.read(5)).toMatchObject([
    {
      eventName: "REMOVE",
      userIdentity: { type: "Service", principalId: "dynamodb.amazonaws.com" },
      dynamodb: { Keys: { PK: { S: "passed" } } },
    },
  ]);
  table.expiryAttribute = undefined;
  expect(table.expire(new Date("2030-01-01"))).toBe(0);
});
