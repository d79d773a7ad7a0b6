import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { compactionClients } from "../../../core/collections/host/compaction-deps.ts";

test("a call that is taken and never answered fails, so that no process waits for it for ever (F5)", async () => {
  const silent = createServer((socket) => socket.on("error", () => undefined).resume()).listen(
    0,
    "127.0.0.1",
  );
  await once(silent, "listening");
  jest.replaceProperty(process, "env", {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
  });
  const { items, dynamo, sqs, s3 } = compactionClients(100);
  const calls = [
    items.send(new GetItemCommand({ TableName: "control", Key: { PK: { S: "a" } } })),
    sqs.send(new ReceiveMessageCommand({ QueueUrl: `${process.env.AWS_ENDPOINT_URL}/queue` })),
    s3.send(new GetObjectCommand({ Bucket: "deltas", Key: "key" })),
  ];
  for (const call of await Promise.allSettled(calls)) {
    expect(call).toMatchObject({ status: "rejected", reason: { name: "TimeoutError" } });
  }
  for (const client of [dynamo, items, sqs, s3]) client.destroy();
  silent.close();
});
