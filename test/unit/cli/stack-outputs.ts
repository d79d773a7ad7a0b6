const names = {
  embed: "a",
  exportOcrResults: "b",
  streamProcessor: "c",
  compaction: "d",
  fold: "h",
  generations: "e",
  verify: "f",
  sweeper: "g",
};

/** Of a stack without a query service. */
export const stackOutputs = {
  region: "eu-central-1",
  embedQueueUrl: "http://queue/1",
  embedDeadLetterQueueUrl: "http://queue/2",
  linesQueueUrls: ["http://queue/3"],
  wordsQueueUrls: ["http://queue/4"],
  linesDeadLetterQueueUrls: ["http://queue/5"],
  wordsDeadLetterQueueUrls: ["http://queue/6"],
  foldQueueUrl: "http://queue/9",
  foldDeadLetterQueueUrl: "http://queue/10",
  failedExportsQueueUrl: "http://queue/8",
  streamRejectedQueueUrl: "http://queue/7",
  streamGivenUpPrefix: "aws/lambda/mapping/",
  artifactsBucket: "artifacts",
  deltasBucket: "deltas",
  receiptsTable: "receipts",
  controlTable: "control",
  collectionsFileSystem: "fs-1",
  alarmTopicArn: "arn:aws:sns:eu-central-1:000000000000:alarms",
  functions: names,
  logGroups: names,
};
