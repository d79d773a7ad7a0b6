import { compileFilter } from "../../local/mappings/event-filter.ts";
import { type Deployment, ofType } from "./support/deploy.ts";
import { deployStack } from "./support/stacks.ts";

const name = "vectorkeep-dev-stream-processor";

let stack: Deployment;

beforeAll(async () => {
  stack = await deployStack("dev", {
    config: {
      "stream:entities": '["RECEIPT","COMPACTION_RUN","RECEIPT_WORD_LABEL"]',
      "stream:metadataFields": '["merchant_name"]',
    },
  });
});

test("the stream processor is small, has a minute, and is outside the VPC", () => {
  const processor = ofType(stack, "aws:lambda/function:Function").get(name);
  expect(processor).toMatchObject({ memorySize: 256, timeout: 60 });
  expect(processor?.vpcConfig).toBeUndefined();
});

test("the stream processor is configured with what it watches", () => {
  const processor = ofType(stack, "aws:lambda/function:Function").get(name);
  expect(processor?.environment).toMatchObject({
    variables: {
      WATCHED_ENTITIES: "COMPACTION_RUN,RECEIPT_WORD_LABEL,RECEIPT",
      WATCHED_METADATA_FIELDS: "merchant_name",
      WATCHED_LABEL_FIELDS: "label,validation_status,label_consolidated_from",
    },
  });
});

test("every function writes its metrics under the name of its stack, so that two stacks stay apart", () => {
  for (const [, { environment }] of ofType(stack, "aws:lambda/function:Function")) {
    expect(environment).toMatchObject({ variables: { POWERTOOLS_METRICS_NAMESPACE: "vectorkeep-dev" } });
  }
});

describe("a record of the stream", () => {
  const image = "IMAGE#0b6a6a3e-4a52-4c0a-9b5e-7d1f6a2c9e10";
  const word = "RECEIPT#00001#LINE#00002#WORD#00003";
  const run = "RECEIPT#00001#COMPACTION_RUN#5d0c2f";
  const running = { TYPE: { S: "COMPACTION_RUN" }, lines_state: { S: "PROCESSING" } };
  const merged = { TYPE: { S: "COMPACTION_RUN" }, lines_state: { S: "COMPLETED" } };
  const typedLabel = { TYPE: { S: "RECEIPT_WORD_LABEL" }, validation_status: { S: "PENDING" } };
  const someType = { TYPE: { N: "7" }, merchant_name: { S: "Corner Cafe" } };

  test.each([
    ["a run that is put", insert(run, running)],
    ["a label that is put", insert(`${word}#LABEL#TOTAL`, typedLabel)],
    [
      "a label that changes",
      modify(`${word}#LABEL#TOTAL`, typedLabel, { validation_status: { S: "VALID" } }),
    ],
    ["a label that goes", remove(`${word}#LABEL#TOTAL`, typedLabel)],
    ["metadata without a TYPE that is put", insert("RECEIPT#00001#METADATA", {})],
    ["metadata without a TYPE that changes", modify("RECEIPT#00001#METADATA", {}, someType)],
    ["metadata without a TYPE that goes", remove("RECEIPT#00001#METADATA", {})],
    ["metadata with a TYPE of the user's own", modify("RECEIPT#00001#METADATA", someType, {})],
    ["a receipt that goes", remove("RECEIPT#00001", { TYPE: { S: "RECEIPT" } })],
    ["a line that goes", remove("RECEIPT#00001#LINE#00002", {})],
    ["a word that goes", remove(word, {})],
    ["a key that no item should have, which is for the rejected queue", insert("RECEIPT#1#LINE", {})],
  ])("invokes the processor: %s", (_, record) => {
    expect(invokes(record)).toBe(true);
  });

  test.each([
    ["F16: a run that compaction moves", modify(run, running, merged)],
    ["a run that is deleted", remove(run, merged)],
    ["an item of the image itself", insert("IMAGE", {})],
    ["an item of something else", insert("RECEIPT#00001", {}, "JOB#1")],
    ["a key in other letters", insert("receipt#00001#METADATA", {})],
  ])("does not: %s", (_, record) => {
    expect(invokes(record)).toBe(false);
  });

  function insert(sk: string, item: object, pk = image) {
    return { eventName: "INSERT", dynamodb: { ...keys(sk, pk), NewImage: item } };
  }

  function modify(sk: string, before: object, after: object) {
    return { eventName: "MODIFY", dynamodb: { ...keys(sk), OldImage: before, NewImage: after } };
  }

  function remove(sk: string, item: object) {
    return { eventName: "REMOVE", dynamodb: { ...keys(sk), OldImage: item } };
  }

  function keys(sk: string, pk = image) {
    return { Keys: { PK: { S: pk }, SK: { S: sk } }, StreamViewType: "NEW_AND_OLD_IMAGES" };
  }
});

describe("F27: a record of a stack that filters by TYPE", () => {
  const label = "RECEIPT#00001#LINE#00002#WORD#00003#LABEL#TOTAL";
  const of = (TYPE: string) => ({ TYPE: { S: TYPE } });
  const record = (before?: object, after?: object) => ({
    dynamodb: {
      Keys: { PK: { S: "IMAGE#0b6a6a3e-4a52-4c0a-9b5e-7d1f6a2c9e10" }, SK: { S: label } },
      ...(before && { OldImage: before }),
      ...(after && { NewImage: after }),
    },
  });
  let typed: string[];
  beforeAll(async () => {
    typed = patterns(
      await deployStack("dev", {
        config: {
          "stream:filterByType": "true",
          "stream:entities": '["RECEIPT","COMPACTION_RUN","RECEIPT_WORD_LABEL"]',
        },
      }),
    );
  });

  test.each([
    ["a label that is put", record(undefined, of("RECEIPT_WORD_LABEL")), true],
    ["a label that changes", record(of("RECEIPT_WORD_LABEL"), of("RECEIPT_WORD_LABEL")), true],
    ["a label that goes", record(of("RECEIPT_WORD_LABEL")), true],
    ["an item that becomes a label", record(of("DRAFT"), of("RECEIPT_WORD_LABEL")), true],
    ["a run that is put", record(undefined, of("COMPACTION_RUN")), true],
    ["F16: a run that compaction moves", record(of("COMPACTION_RUN"), of("COMPACTION_RUN")), false],
    ["a letter that is put", record(undefined, of("RECEIPT_LETTER")), false],
    ["a letter that changes", record(of("RECEIPT_LETTER"), of("RECEIPT_LETTER")), false],
    ["an entity that the stack does not watch", record(undefined, of("RECEIPT_METADATA")), false],
    ["an item without a TYPE", record({}, {}), false],
  ])("%s: %#", (_, one, expected) => {
    expect(typed.some((pattern) => compileFilter(pattern)(one))).toBe(expected);
    expect(typed.length).toBeLessThanOrEqual(5);
  });
});

test("the filters are few enough, and look only where a mapping on a table filters", () => {
  expect(patterns().length).toBeLessThanOrEqual(5);
  for (const pattern of patterns()) expect(Object.keys(JSON.parse(pattern))).toEqual(["dynamodb"]);
});

function invokes(record: object): boolean {
  return patterns().some((pattern) => compileFilter(pattern)(record));
}

function patterns(of: Deployment = stack): string[] {
  const mapping = ofType(of, "aws:lambda/eventSourceMapping:EventSourceMapping").get(name);
  const criteria = mapping?.filterCriteria as { filters: { pattern: string }[] };
  return criteria.filters.map(({ pattern }) => pattern);
}
