import { compactionConfig } from "../../../core/collections/host/collections-config.ts";
import { readEnvironment } from "../../../core/settings/environment.ts";

const url = (name: string) => `https://sqs.us-east-1.amazonaws.com/000000000000/${name}.fifo`;
const urls = (...names: string[]) => names.map(url).join(",");
const others = {
  AWS_REGION: "us-east-1",
  RECEIPTS_TABLE: "receipts",
  CONTROL_TABLE: "control",
  DELTAS_BUCKET: "deltas",
  COLLECTIONS_PATH: "/mnt/collections",
  EMBEDDING_MODEL: "model",
  EMBEDDING_DIMENSIONS: "8",
  LEASE_SECONDS: "60",
  LEASE_WAIT_SECONDS: "30",
  DRAIN_MAX_MESSAGES: "100",
  DRAIN_MAX_MIB: "32",
  DRAIN_SECONDS: "10",
  MIN_PUBLISH_INTERVAL_SECONDS: "5",
  GENERATIONS_KEPT: "3",
  MAX_READER_SECONDS: "900",
  MAX_FAILURES: "5",
  FOLD_QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/000000000000/fold",
  FOLD_VECTORS: "4000",
  FOLD_HOURS: "24",
  MAX_OVERLAY_VECTORS: "20000",
};
const queues = {
  LINES_QUEUE_URLS: urls("lines-1of2", "lines-2of2"),
  WORDS_QUEUE_URLS: urls("words-1of2", "words-2of2"),
  LINES_DEAD_LETTER_QUEUE_URLS: urls("lines-1of2-dead", "lines-2of2-dead"),
  WORDS_DEAD_LETTER_QUEUE_URLS: urls("words-1of2-dead", "words-2of2-dead"),
};

function read(changes: Record<string, string>) {
  return readEnvironment(compactionConfig, { ...others, ...queues, ...changes });
}

test("queues of shards are read in shard order", () => {
  expect(read({}).WORDS_QUEUE_URLS).toEqual([url("words-1of2"), url("words-2of2")]);
});

test("a shard without a queue or dead letters in a collection is refused, beside every other problem", () => {
  const wrong = { LINES_DEAD_LETTER_QUEUE_URLS: urls("lines-1of2-dead"), LEASE_SECONDS: "soon" };
  expect(() => read(wrong)).toThrow(
    /LEASE_SECONDS: .*; LINES_QUEUE_URLS, .*: must have equally many entries/,
  );
});

test("an invalid URL is refused, and so is a missing one", () => {
  const wrong = { LINES_QUEUE_URLS: `${url("lines-1of2")},lines-2of2`, WORDS_QUEUE_URLS: "" };
  expect(() => read(wrong)).toThrow(/LINES_QUEUE_URLS\.1: Invalid URL; WORDS_QUEUE_URLS: /);
});
