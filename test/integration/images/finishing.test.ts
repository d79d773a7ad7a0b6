import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { silentLog } from "../../../core/log.ts";
import { silentMetrics } from "../../../core/metrics.ts";
import { analyzerConfig } from "../../../functions/image-analyzer/config.ts";
import { analyzerDeps } from "../../../functions/image-analyzer/deps.ts";

/** A Data API whose cluster resumes at the first call. */
let server: Server;
let calls = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume().on("end", () => {
      calls += 1;
      if (calls > 1) {
        response.end(JSON.stringify({ transactionId: "t", numberOfRecordsUpdated: 1 }));
        return;
      }
      response.writeHead(400, { "x-amzn-errortype": "DatabaseResumingException" });
      response.end(JSON.stringify({ message: "The database is resuming" }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  Object.assign(process.env, {
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "a",
    AWS_SECRET_ACCESS_KEY: "b",
    AWS_ENDPOINT_URL_RDS_DATA: url,
  });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

jest.mock("../../../core/settings/secret.ts", () => ({ readSecret: async () => "key" }));

test("what was paid for is booked after the deadline of asking, until the function must answer", async () => {
  const config = analyzerConfig.parse({
    DATABASE_CLUSTER_ARN: "c",
    DATABASE_SECRET_ARN: "s",
    DATABASE_NAME: "d",
    QUEUE_URL: "http://127.0.0.1/queue",
    DEAD_LETTER_QUEUE_URL: "http://127.0.0.1/dlq",
    CONTROL_TABLE: "control",
    VISION_PROVIDER: "anthropic",
    VISION_FALLBACK_PROVIDER: "",
    VISION_REQUESTS_PER_MINUTE: "1",
    VISION_TOKENS_PER_MINUTE: "25000",
    ANTHROPIC_BASE_URL: "http://127.0.0.1",
    ANTHROPIC_MODEL: "m",
    ANTHROPIC_PRICE: "1/5",
    ANTHROPIC_API_KEY_SECRET: "s",
    OPENAI_BASE_URL: "http://127.0.0.1",
    OPENAI_MODEL: "m",
    OPENAI_PRICE: "1/5",
    OPENAI_API_KEY_SECRET: "",
    EVENT_BUS_NAME: "default",
    USD_PER_DAY: "0",
  });
  const depsFor = analyzerDeps(config, { log: silentLog, metrics: { ...silentMetrics, write() {} } });
  const { analyses } = await depsFor({ giveUpAt: Date.now(), finishBy: Date.now() + 60_000 });
  await analyses.bookSpent({ costUsd: 1, inputTokens: 1, outputTokens: 1 });
  expect(calls).toBeGreaterThan(2);
}, 60_000);
