import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { declared } from "../../infra/config.ts";
import { editDistance, nearestKey } from "../../infra/settings/nearest.ts";
import { ConfigurationInvalidError } from "../../infra/settings/read-all.ts";
import { readSettings } from "../../infra/settings/read-settings.ts";
import { bulkSecrets, imageSecrets } from "./support/bulk-stack.ts";
import { catchUpSecrets } from "./support/catch-up-stack.ts";
import { secrets, stackFile } from "./support/stacks.ts";

const apiKey = { "embedding:apiKey": "sk-1" };

beforeAll(async () => {
  const nothing = { newResource: () => ({ id: undefined, state: {} }), call: () => ({}) };
  await pulumi.runtime.setMocks(nothing, "vectorkeep", "dev", false);
});

test.each([
  ["dev", secrets],
  ["prod", secrets],
  // Nobody sets secrets for it: local/stack.ts makes them up at every start.
  ["local", { ...secrets, ...catchUpSecrets, ...bulkSecrets, ...imageSecrets }],
])("the settings of the %s stack are in order", (stack, given) => {
  expect(() => read(stackFile(stack), given)).not.toThrow();
});

test("what is not set has its default, and the page's default is the value used", () => {
  const settings: Record<string, Record<string, unknown>> = read({}, apiKey);
  for (const [namespace, names] of Object.entries(declared)) {
    for (const [name, setting] of Object.entries(names)) {
      if (setting.shownDefault === "required") continue;
      const value = settings[namespace]?.[name];
      const shown = [value ?? []].flat().join(", ") || "none";
      expect(`${namespace}:${name} ${shown}`).toBe(`${namespace}:${name} ${setting.shownDefault}`);
    }
  }
});

test("a secret is read as a Pulumi secret", async () => {
  const { apiKey: read_ } = read({}, apiKey).embedding;
  expect(await pulumi.isSecret(read_)).toBe(true);
});

test("all problems are reported at once, each with its key and what to do", () => {
  const problems = problemsOf({
    "embedding:dimensions": "many",
    "embedding:modle": "text-embedding-3-large",
    "stream:startingPosition": "NOW",
    "compaction:generationsKept": "1",
    "storage:keepData": "yes",
    "logs:retentionDays": "31",
    "alarms:topicArn": "my-topic",
    "network:vpcId": "vpc-0a",
    "query:enabled": "true",
    "vectorkeep:apiKey": "sk-2",
  });
  expect(problems).toEqual([
    "embedding:modle is not a setting: did you mean embedding:model?",
    "vectorkeep:apiKey is not a setting",
    'embedding:dimensions must be an integer from 1 to 4096, not "many"',
    "embedding:apiKey is missing: run `pulumi config set --secret embedding:apiKey`",
    'stream:startingPosition must be one of TRIM_HORIZON, LATEST, not "NOW"',
    'compaction:generationsKept must be an integer from 2 to 100, not "1"',
    'storage:keepData must be true or false, not "yes"',
    expect.stringMatching(/^logs:retentionDays must be one of 1, 3, 5, .*, not "31"$/),
    'alarms:topicArn must be the ARN of an SNS topic, not "my-topic"',
    "network:vpcId and network:subnetIds go together: set both or neither",
    "query:apiKey is missing, and query:enabled is true: run `pulumi config set --secret query:apiKey`",
  ]);
});

test("every kind of item and every field that shows is watched, and a stack may name those that it wants", () => {
  const everything = {
    entities: [
      "COMPACTION_RUN",
      "RECEIPT_METADATA",
      "RECEIPT_PLACE",
      "RECEIPT_WORD_LABEL",
      "RECEIPT",
      "RECEIPT_LINE",
      "RECEIPT_WORD",
    ],
    metadataFields: [
      "canonical_merchant_name",
      "merchant_name",
      "merchant_category",
      "address",
      "phone_number",
      "place_id",
    ],
    placeFields: ["merchant_name", "merchant_category", "formatted_address", "phone_number", "place_id"],
    labelFields: ["label", "validation_status", "label_consolidated_from"],
  };
  expect(read({}, apiKey).stream).toMatchObject(everything);
  const some = { "stream:labelFields": '["validation_status","label"]' };
  expect(read(some, apiKey).stream).toMatchObject({
    ...everything,
    labelFields: ["label", "validation_status"],
  });
});

test("what cannot be watched is named, with what was meant and what there is, all at once", () => {
  const problems = problemsOf(
    {
      "stream:entities": '["COMPACTION_RUN","RECEIPT_METADTA","RECEIPT","IMAGE","RECEIPT"]',
      "stream:metadataFields": "merchant_name",
      "stream:labelFields": '["status","Label"]',
    },
    apiKey,
  );
  expect(problems).toEqual([
    "stream:entities must list some of COMPACTION_RUN, RECEIPT_METADATA, RECEIPT_PLACE, RECEIPT_WORD_LABEL, RECEIPT, RECEIPT_LINE, RECEIPT_WORD: " +
      'not "RECEIPT_METADTA" (did you mean RECEIPT_METADATA?), not "IMAGE", "RECEIPT" only once',
    "stream:metadataFields must be a list of some of canonical_merchant_name, merchant_name, merchant_category, address, phone_number, place_id, not merchant_name",
    "stream:labelFields must list some of label, validation_status, label_proposed_by, label_consolidated_from, reasoning: " +
      'not "status", not "Label" (did you mean label?)',
  ]);
});

test("a stack that would bring no receipt into a collection is refused", () => {
  expect(problemsOf({ "stream:entities": '["RECEIPT_METADATA","RECEIPT"]' }, apiKey)).toEqual([
    "stream:entities must list COMPACTION_RUN, or no receipt would ever reach a collection",
  ]);
});

test("F24: a secret of the wrong form is refused by its length, and its value is not repeated", () => {
  const [problem, ...others] = problemsOf({}, { ...apiKey, "catchup:apiKey": "too-short-a-key" });
  expect(problem).toBe(
    "catchup:apiKey must be 20 to 128 printable ASCII characters without white space, and has 15: run `pulumi config set --secret catchup:apiKey`",
  );
  expect(others).toEqual([]);
});

test("F24: a secret that stands in plain text is refused, and its value is not repeated", () => {
  const [problem, ...others] = problemsOf({ "embedding:apiKey": "sk-plain" });
  expect(problem).toBe(
    "embedding:apiKey is stored in plain text: run `pulumi config set --secret embedding:apiKey`",
  );
  expect(others).toEqual([]);
});

test.each([
  ["an empty secret", {}, { "embedding:apiKey": "" }],
  ["a callers' key that API Gateway finds too short", {}, { ...apiKey, "catchup:apiKey": "k".repeat(19) }],
  ["a callers' key that API Gateway finds too long", {}, { ...apiKey, "catchup:apiKey": "k".repeat(129) }],
  ["a search key that is easily guessed", {}, { ...apiKey, "query:apiKey": "secret" }],
  ["a key that no header takes", {}, { ...apiKey, "query:apiKey": `${"k".repeat(20)}é` }],
  ["one zone", { "network:zones": '["use1-az1"]' }, apiKey],
  ["a zone twice", { "network:zones": '["use1-az1","use1-az1"]' }, apiKey],
  [
    "a zone by its name, which is another zone in each account",
    { "network:zones": '["us-east-1a","us-east-1b"]' },
    apiKey,
  ],
  [
    "zones of a VPC that exists",
    {
      "network:zones": '["use1-az1","use1-az2"]',
      "network:vpcId": "vpc-0a",
      "network:subnetIds": '["subnet-0a","subnet-0b"]',
    },
    apiKey,
  ],
  ["a key pasted with its line end", {}, { "embedding:apiKey": "sk-1\n" }],
  ["plain http to a host that is not this one", { "embedding:baseUrl": "http://models.example/v1" }, apiKey],
  ["one subnet", { "network:vpcId": "vpc-0a", "network:subnetIds": '["subnet-0a"]' }, apiKey],
  ["a subnet twice", { "network:vpcId": "vpc-0a", "network:subnetIds": '["subnet-0a","subnet-0a"]' }, apiKey],
  ["subnets that are no list", { "network:vpcId": "vpc-0a", "network:subnetIds": "subnet-0a" }, apiKey],
  ["a public address range", { "network:cidr": "8.8.0.0/16" }, apiKey],
  ["a range that does not begin at its start", { "network:cidr": "10.87.3.0/16" }, apiKey],
  ["a range with an impossible byte", { "network:cidr": "10.300.0.0/16" }, apiKey],
  ["a task size that Fargate lacks", { "query:cpu": "256", "query:memoryMiB": "4096" }, apiKey],
  [
    "a size of the worker that Fargate lacks",
    { "compaction:workerCpu": "16384", "compaction:workerMemoryMiB": "36864" },
    apiKey,
  ],
  [
    "waits that leave no time to work",
    { "compaction:leaseWaitSeconds": "200", "compaction:drainSeconds": "200" },
    apiKey,
  ],
  ["a lease that no function outwaits", { "compaction:leaseSeconds": "300" }, apiKey],
  ["a sweeper that sends what is redelivered by itself", { "sweep:openMinutes": "3" }, apiKey],
  ["a fraction", { "ingest:batchSize": "2.5" }, apiKey],
  ["no entity at all", { "stream:entities": "[]" }, apiKey],
  ["no field of metadata", { "stream:metadataFields": "[]" }, apiKey],
  ["no field of labels", { "stream:labelFields": "[]" }, apiKey],
  ["a field that is no text", { "stream:labelFields": "[1]" }, apiKey],
  ["a field twice", { "stream:metadataFields": '["address","address"]' }, apiKey],
  ["an empty number", { "ingest:batchSize": "" }, apiKey],
])("%s is refused with one problem", (_, config, given) => {
  expect(problemsOf(config, given)).toHaveLength(1);
});

test("an integer is accepted exactly within its bounds", () => {
  fc.assert(
    fc.property(fc.integer({ min: -10, max: 5000 }), (dimensions) => {
      const accepted = problemsOf({ "embedding:dimensions": String(dimensions) }, apiKey).length === 0;
      expect(accepted).toBe(dimensions >= 1 && dimensions <= 4096);
    }),
  );
});

test("a slip of the fingers finds the key that was meant", () => {
  const known = ["embedding:model", "embedding:dimensions", "compaction:leaseSeconds", "query:apiKey"];
  expect(nearestKey("embeding:model", known)).toBe("embedding:model");
  expect(nearestKey("compaction:leaseSecond", known)).toBe("compaction:leaseSeconds");
  expect(nearestKey("vectorkeep:dimensions", known)).toBe("embedding:dimensions");
  expect(nearestKey("logs:somethingElse", known)).toBeUndefined();
});

test("the edit distance is one of a metric", () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(word, word, word, (a, b, c) => {
      expect(editDistance(a, b) === 0).toBe(a === b);
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
    }),
  );
});

function read(config: Record<string, string>, given: Record<string, string>) {
  pulumi.runtime.setAllConfig({ ...config, ...given }, Object.keys(given));
  return readSettings();
}

function problemsOf(config: Record<string, string>, given: Record<string, string> = {}): readonly string[] {
  try {
    read(config, given);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationInvalidError) return error.problems;
    throw error;
  }
}
