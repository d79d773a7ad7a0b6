import { leadingKeysOf } from "../../local/services/dynamodb/leading-keys.ts";

const key = (PK: string) => ({ PK: { S: PK }, SK: { S: "HEAD" } });

test.each([
  ["GetItem", { Key: key("COLLECTION#lines") }, ["COLLECTION#lines"]],
  ["UpdateItem", { Key: key("COLLECTION#lines") }, ["COLLECTION#lines"]],
  ["DeleteItem", { Key: key("COLLECTION#lines") }, ["COLLECTION#lines"]],
  ["PutItem", { Item: { ...key("OPEN#1"), count: { N: "1" } } }, ["OPEN#1"]],
  ["BatchGetItem", { RequestItems: { control: { Keys: [key("a"), key("b")] } } }, ["a", "b"]],
  [
    "BatchWriteItem",
    {
      RequestItems: { control: [{ PutRequest: { Item: key("a") } }, { DeleteRequest: { Key: key("b") } }] },
    },
    ["a", "b"],
  ],
  [
    "Query",
    {
      KeyConditionExpression: "#pk = :p AND SK > :s",
      ExpressionAttributeNames: { "#pk": "PK" },
      ExpressionAttributeValues: { ":p": { S: "OPEN#1" }, ":s": { S: "" } },
    },
    ["OPEN#1"],
  ],
  ["Scan", {}, []],
  ["GetItem", { Key: { id: { S: "of another kind of table" } } }, undefined],
  ["Query", { IndexName: "newest-first", KeyConditionExpression: "kind = :k" }, undefined],
])("the leading keys of %s %j are %j", (action, input, expected) => {
  expect(leadingKeysOf(action, { TableName: "control", ...input }, "control")).toEqual(expected);
});
