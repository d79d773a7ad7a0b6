import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StateNotSavedError, saveKeptState, takeKeptState } from "../../../local/kept/kept-state.ts";
import { createTable } from "../../../local/services/dynamodb/actions/table-actions.ts";
import { Database } from "../../../local/services/dynamodb/store/database.ts";

let parent: string;
let folder: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "vectorkeep-kept-"));
  folder = join(parent, "state");
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

describe("the state of a stack that was stopped", () => {
  test("is taken once, for its owner alone, and leaves file systems where they are", async () => {
    mkdirSync(join(folder, "efs", "fs-1"), { recursive: true });
    mkdirSync(join(folder, "code"));
    const parts = { s3: new Map([["bucket", [{ body: Buffer.from("bytes"), at: new Date(5) }]]]) };
    await saveKeptState(folder, { parts, secrets: { key: "secret" } });
    expect(statSync(join(folder, "kept")).mode & 0o777).toBe(0o600);
    expect(await takeKeptState(folder)).toEqual({ parts, secrets: { key: "secret" } });
    expect(existsSync(join(folder, "efs", "fs-1"))).toBe(true);
    expect(existsSync(join(folder, "code"))).toBe(false);
    // One that is killed now must not go on from the old state beside newer file systems.
    await expect(takeKeptState(folder)).rejects.toThrow(StateNotSavedError);
  });

  test("is absent where no stack ever ran, and is refused where it cannot be read", async () => {
    expect(await takeKeptState(folder)).toBeUndefined();
    mkdirSync(folder);
    writeFileSync(join(folder, "kept"), "not a state");
    await expect(takeKeptState(folder)).rejects.toThrow(/Start without --keep/);
  });
});

test("a table continues with its items, and its stream under the same ARN after its last record", () => {
  const now = new Date("2026-11-01T00:00:00Z");
  const declared = {
    TableName: "table",
    BillingMode: "PAY_PER_REQUEST",
    KeySchema: [{ AttributeName: "PK", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "PK", AttributeType: "S" }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
  };
  const first = new Database();
  createTable(first, declared, now);
  const before = first.find("table").table;
  before.write(undefined, { PK: { S: "a" } });
  const second = new Database();
  for (const [name, kept] of structuredClone(first.save())) second.kept.set(name, kept);
  createTable(second, declared, new Date("2026-11-02T00:00:00Z"));
  const after = second.find("table").table;
  expect(after.items.get({ PK: { S: "a" } })).toEqual({ PK: { S: "a" } });
  expect(after.stream?.arn).toBe(before.stream?.arn);
  after.write(undefined, { PK: { S: "b" } });
  expect(after.stream?.read(0).map(({ dynamodb }) => dynamodb.Keys.PK)).toEqual([{ S: "a" }, { S: "b" }]);
});
