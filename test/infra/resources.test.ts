import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listing } from "./support/deploy.ts";
import { deployStack } from "./support/stacks.ts";

test.each(["dev", "prod"])("%s consists of exactly these resources", async (stack) => {
  const fixture = join(import.meta.dirname, `fixtures/${stack}-resources.txt`);
  const declared = listing((await deployStack(stack)).resources);
  if (process.env.UPDATE_FIXTURES) writeFileSync(fixture, `${declared.join("\n")}\n`);
  expect(declared).toEqual(readFileSync(fixture, "utf8").trim().split("\n"));
});

test("the outputs are what a user and the tools need", async () => {
  // Those of added functions are for the functions' own tests.
  const { added: _, ...outputs } = (await deployStack("prod")).outputs;
  const queue = (name: string) => `https://sqs.us-east-1.amazonaws.com/000000000000/vectorkeep-prod-${name}`;
  expect(outputs).toEqual({
    region: "us-east-1",
    embedQueueUrl: queue("embed-ndjson"),
    embedDeadLetterQueueUrl: queue("embed-ndjson-dead-letters"),
    linesQueueUrls: [queue("lines.fifo")],
    wordsQueueUrls: [queue("words.fifo")],
    linesDeadLetterQueueUrls: [queue("lines-dead-letters.fifo")],
    wordsDeadLetterQueueUrls: [queue("words-dead-letters.fifo")],
    foldQueueUrl: queue("fold.fifo"),
    foldDeadLetterQueueUrl: queue("fold-dead-letters.fifo"),
    failedExportsQueueUrl: queue("failed-exports"),
    streamRejectedQueueUrl: queue("stream-rejected"),
    streamGivenUpPrefix: "aws/lambda/uuid-of-vectorkeep-prod-stream-processor/",
    artifactsBucket: "vectorkeep-prod-artifacts",
    deltasBucket: "vectorkeep-prod-deltas",
    snapshotsBucket: "vectorkeep-prod-snapshots",
    receiptsTable: "vectorkeep-prod-receipts",
    controlTable: "vectorkeep-prod-control",
    collectionsFileSystem: "vectorkeep-prod-collections-id",
    functions: {
      embed: "vectorkeep-prod-embed",
      exportOcrResults: "vectorkeep-prod-export-ocr-results",
      streamProcessor: "vectorkeep-prod-stream-processor",
      compaction: "vectorkeep-prod-compaction",
      fold: "vectorkeep-prod-fold",
      generations: "vectorkeep-prod-generations",
      verify: "vectorkeep-prod-verify",
      sweeper: "vectorkeep-prod-sweeper",
      exportSnapshot: "vectorkeep-prod-export-snapshot",
    },
    logGroups: {
      embed: "/aws/lambda/vectorkeep-prod-embed",
      exportOcrResults: "/aws/lambda/vectorkeep-prod-export-ocr-results",
      streamProcessor: "/aws/lambda/vectorkeep-prod-stream-processor",
      compaction: "/aws/lambda/vectorkeep-prod-compaction",
      fold: "/aws/lambda/vectorkeep-prod-fold",
      generations: "/aws/lambda/vectorkeep-prod-generations",
      verify: "/aws/lambda/vectorkeep-prod-verify",
      sweeper: "/aws/lambda/vectorkeep-prod-sweeper",
      exportSnapshot: "/aws/lambda/vectorkeep-prod-export-snapshot",
      queryServer: "/vectorkeep/prod/query-server",
    },
    alarmTopicArn: "arn:sns:vectorkeep-prod-alarms",
    dashboard: "vectorkeep-prod",
    searchUrl: "http://balancer.internal:8080",
    searchApiKeySecret: "vectorkeep-prod-search-api-key",
  });
});

test("without a search API there is no search to point to", async () => {
  const { outputs } = await deployStack("dev", { config: { "query:enabled": "false" } });
  expect(Object.keys(outputs)).not.toContain("searchUrl");
  expect(Object.keys(outputs)).not.toContain("searchApiKeySecret");
});
