import { randomUUID } from "node:crypto";
import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { madeCurrent } from "../../../core/runs/current-run.ts";
import { DynamoRunStore } from "../../../core/runs/dynamo-run-store.ts";
import type { NewRun } from "../../../core/runs/run-store.ts";
import { maxMessageBytes } from "../../../core/text/cut-message.ts";
import { Tables } from "../../unit/runs/tables.ts";

let tables: Tables;
let runs: DynamoRunStore;

beforeAll(async () => {
  tables = await Tables.start();
  runs = new DynamoRunStore(tables);
});
afterAll(() => tables.stop());

function newRun(runId = randomUUID().replaceAll("-", "")): NewRun {
  return {
    imageId: randomUUID(),
    receiptId: 3,
    runId,
    deltaPrefixes: { lines: `deltas/lines/${runId}`, words: `deltas/words/${runId}` },
    rejectedRows: 2,
  };
}

async function opened(): Promise<NewRun> {
  const run = newRun();
  await runs.open(run);
  return run;
}

async function isListed(run: NewRun): Promise<boolean> {
  return (await tables.openRuns()).some((entry) => entry.endsWith(`#${run.runId}`));
}

async function completeBoth(run: NewRun, token: number): Promise<void> {
  for (const collection of ["lines", "words"] as const) {
    await runs.start(run, collection, token);
    await runs.complete(run, collection, token, 10);
  }
}

describe("the current run of a receipt", () => {
  const receipt = { imageId: randomUUID(), receiptId: 1 };
  const next = madeCurrent(undefined, { runId: "a", attempt: 1 }, 10);

  test("is absent at first, then the one that was made current", async () => {
    expect(await runs.current(receipt)).toBeUndefined();
    expect(await runs.moveCurrent(receipt, undefined, next)).toBe("moved");
    expect(await runs.current(receipt)).toEqual({ ...next, version: 1 });
  });

  test("moves only from what it is", async () => {
    const seen = await runs.current(receipt);
    const removed = new Map([["LINE#00001", 12]] as const);
    expect(await runs.moveCurrent(receipt, undefined, next)).toBe("refused");
    expect(await runs.moveCurrent(receipt, seen, { ...next, removed })).toBe("moved");
    expect(await runs.moveCurrent(receipt, seen, { ...next, runId: "b" })).toBe("refused");
    expect(await runs.current(receipt)).toEqual({ ...next, removed, version: 2 });
  });

  test("is read of more receipts than one call takes, and one that has none has none", async () => {
    const receipts = Array.from({ length: 120 }, (_, number) => ({ ...receipt, receiptId: number + 2 }));
    for (const each of receipts) await runs.moveCurrent(each, undefined, next);
    const nowhere = { imageId: randomUUID(), receiptId: 1 };
    const currentOf = await runs.currents([...receipts, nowhere, ...receipts]);
    expect(receipts.map(currentOf)).toEqual(receipts.map(() => ({ ...next, version: 1 })));
    expect(currentOf(nowhere)).toBeUndefined();
  });
});

describe("opening a run", () => {
  test("puts it with both halves pending, and lists it as open", async () => {
    const run = await opened();
    expect(await runs.find(run)).toMatchObject({
      runId: run.runId,
      attempts: 1,
      rejectedRows: 2,
      halves: {
        lines: { state: "PENDING", token: 0, failures: 0, deltaPrefix: `deltas/lines/${run.runId}` },
        words: { state: "PENDING", token: 0, failures: 0, deltaPrefix: `deltas/words/${run.runId}` },
      },
    });
    expect(await isListed(run)).toBe(true);
  });

  test("is the item that the stream processor and the design know", async () => {
    const run = await opened();
    const items = await tables.items(tables.receiptsTable);
    expect(items.find((item) => item.run_id === run.runId)).toMatchObject({
      PK: `IMAGE#${run.imageId}`,
      SK: `RECEIPT#00003#COMPACTION_RUN#${run.runId}`,
      TYPE: "COMPACTION_RUN",
      lines_delta_prefix: `deltas/lines/${run.runId}`,
      words_state: "PENDING",
    });
  });

  test("again changes nothing, also by two at once, and leaves one entry in the list", async () => {
    const run = newRun();
    await Promise.all([runs.open(run), runs.open(run), runs.open(run)]);
    await runs.start(run, "lines", 5);
    await runs.open(run);
    expect((await runs.find(run))?.halves.lines.state).toBe("PROCESSING");
    const entries = (await tables.openRuns()).filter((entry) => entry.endsWith(run.runId));
    expect(entries).toEqual([`${(await runs.find(run))?.createdAt}#${run.runId}`]);
  });
});

describe("what DynamoDB is asked", () => {
  test("F5: an opening whose answer got lost leaves the run listed", async () => {
    const run = newRun();
    let isLost = false;
    const send = async (command: PutCommand) => {
      const answer = await tables.client.send(command);
      if (isLost || !(command instanceof PutCommand) || command.input.TableName !== tables.receiptsTable)
        return answer;
      isLost = true;
      throw new ConditionalCheckFailedException({ message: "refused", $metadata: {} });
    };
    await new DynamoRunStore({ ...tables, client: { send } as unknown as DynamoDBDocumentClient }).open(run);
    expect(isLost).toBe(true);
    expect((await runs.find(run))?.attempts).toBe(1);
    expect(await isListed(run)).toBe(true);
  });

  test("F3: every read that a decision rests on is strongly consistent", async () => {
    const read: unknown[] = [];
    const send = async (command: GetCommand) => {
      const { input } = command as unknown as { input: Record<string, unknown> };
      if (command instanceof GetCommand) read.push(command.input.ConsistentRead);
      if ("RequestItems" in input)
        for (const request of Object.values(
          input.RequestItems as Record<string, { ConsistentRead?: boolean }>,
        ))
          read.push(request.ConsistentRead);
      return tables.client.send(command);
    };
    const watched = new DynamoRunStore({ ...tables, client: { send } as unknown as DynamoDBDocumentClient });
    const run = await opened();
    await watched.current(run);
    await watched.find(run);
    await watched.currents([run]);
    expect(read).toEqual([true, true, true]);
  });
});

describe("moving a half of a run (F3, F4)", () => {
  test("a holder starts it, starts it again, and completes it", async () => {
    const run = await opened();
    expect(await runs.start(run, "lines", 7)).toBe("started");
    expect(await runs.start(run, "lines", 7)).toBe("started");
    expect(await runs.complete(run, "lines", 7, 42)).toBe("moved");
    expect((await runs.find(run))?.halves.lines).toMatchObject({ state: "COMPLETED", mergedVectors: 42 });
    expect((await runs.find(run))?.halves.words.state).toBe("PENDING");
  });

  test("a lower token can neither start, complete nor fail what a higher one holds", async () => {
    const run = await opened();
    await runs.start(run, "lines", 7);
    expect(await runs.start(run, "lines", 6)).toBe("fenced");
    expect(await runs.complete(run, "lines", 6, 1)).toBe("fenced");
    expect(await runs.fail(run, "lines", 6, "late")).toBe("fenced");
    expect((await runs.find(run))?.halves.lines).toMatchObject({ state: "PROCESSING", token: 7 });
  });

  test("a higher token takes over, and the old holder is fenced", async () => {
    const run = await opened();
    await runs.start(run, "lines", 7);
    expect(await runs.start(run, "lines", 8)).toBe("started");
    expect(await runs.complete(run, "lines", 7, 1)).toBe("fenced");
    expect(await runs.complete(run, "lines", 8, 1)).toBe("moved");
  });

  test("a token of another shard's lease says nothing: the collection was split otherwise since, and back again", async () => {
    const run = await opened();
    await runs.start(run, "lines", 700);
    expect(await runs.start(run, "lines-2of2", 1)).toBe("started");
    expect(await runs.complete(run, "lines", 700, 1)).toBe("fenced");
    expect(await runs.fail(run, "lines", 700, "late")).toBe("fenced");
    expect(await runs.fail(run, "lines-2of2", 1, "its own")).toBe(1);
    expect(await runs.start(run, "lines", 701)).toBe("started");
    expect(await runs.complete(run, "lines-2of2", 701, 1)).toBe("fenced");
    expect(await runs.complete(run, "lines", 701, 1)).toBe("moved");
  });

  test("completing twice answers the same: the first answer may have been lost", async () => {
    const run = await opened();
    await runs.start(run, "lines", 7);
    await runs.complete(run, "lines", 7, 1);
    expect(await runs.complete(run, "lines", 7, 1)).toBe("moved");
  });

  test("completing what another holder or shard has completed is fenced", async () => {
    const run = await opened();
    await runs.start(run, "lines", 7);
    await runs.complete(run, "lines", 7, 1);
    expect(await runs.complete(run, "lines", 6, 1)).toBe("fenced");
    expect(await runs.complete(run, "lines-1of2", 7, 1)).toBe("fenced");
  });

  test("completing again what was opened again since is fenced", async () => {
    const run = await opened();
    await runs.start(run, "lines", 7);
    await runs.complete(run, "lines", 7, 1);
    await runs.reopen(run, 2);
    expect(await runs.complete(run, "lines", 7, 1)).toBe("fenced");
    expect((await runs.find(run))?.halves.lines.state).toBe("PENDING");
  });

  test("a half that was given up meanwhile is completed by the cycle that has published it", async () => {
    const run = await opened();
    await runs.start(run, "lines", 7);
    await runs.fail(run, "lines", 7, "given up");
    expect(await runs.complete(run, "lines", 7, 2)).toBe("moved");
    expect((await runs.find(run))?.halves.lines).toMatchObject({ state: "COMPLETED", mergedVectors: 2 });
  });

  test("a completed half is not started again", async () => {
    const run = await opened();
    await runs.start(run, "lines", 7);
    await runs.complete(run, "lines", 7, 1);
    expect(await runs.start(run, "lines", 9)).toBe("completed");
  });

  test("what was not started cannot be completed, and a run that is not there is missing", async () => {
    const run = await opened();
    expect(await runs.complete(run, "lines", 7, 1)).toBe("fenced");
    expect(await runs.start(newRun(), "lines", 7)).toBe("missing");
    expect(await runs.complete(newRun(), "lines", 7, 1)).toBe("fenced");
  });

  test("F32: the reason of a failure is cut, and the item keeps its size", async () => {
    const run = await opened();
    await runs.start(run, "words", 7);
    await runs.fail(run, "words", 7, `the cause${"x".repeat(650_000)}`);
    const error = (await runs.find(run))?.halves.words.error ?? "";
    expect(error).toMatch(/^the cause.*cut from 650009 bytes/);
    expect(Buffer.byteLength(error)).toBeLessThanOrEqual(maxMessageBytes);
  });

  test("failures are counted with their reason, and a later start and success clear it", async () => {
    const run = await opened();
    await runs.start(run, "words", 7);
    expect(await runs.fail(run, "words", 7, "the delta is unreadable")).toBe(1);
    expect((await runs.find(run))?.halves.words).toMatchObject({
      state: "FAILED",
      error: "the delta is unreadable",
    });
    await runs.start(run, "words", 8);
    expect(await runs.fail(run, "words", 8, "again")).toBe(2);
    await runs.start(run, "words", 9);
    await runs.complete(run, "words", 9, 3);
    expect((await runs.find(run))?.halves.words.error).toBeUndefined();
  });
});

describe("the list of open runs (F5)", () => {
  test("keeps a run until both halves are completed", async () => {
    const run = await opened();
    await runs.start(run, "lines", 1);
    await runs.complete(run, "lines", 1, 1);
    expect(await isListed(run)).toBe(true);
    await runs.start(run, "words", 1);
    await runs.complete(run, "words", 1, 1);
    expect(await isListed(run)).toBe(false);
  });

  test("has a re-opened run again", async () => {
    const run = await opened();
    await completeBoth(run, 4);
    await runs.reopen(run, 2);
    expect(await isListed(run)).toBe(true);
    await completeBoth(run, 5);
    expect(await isListed(run)).toBe(false);
  });
});

describe("re-opening a run", () => {
  test("sets both halves pending at the new attempt, open to any holder", async () => {
    const run = await opened();
    await completeBoth(run, 4);
    await runs.reopen(run, 2);
    const reopened = await runs.find(run);
    expect(reopened?.attempts).toBe(2);
    expect(reopened?.halves.lines).toEqual({
      state: "PENDING",
      deltaPrefix: `deltas/lines/${run.runId}`,
      token: 0,
      failures: 0,
    });
  });

  test("again at the same attempt does not undo what compaction did since", async () => {
    const run = await opened();
    await runs.reopen(run, 2);
    await completeBoth(run, 4);
    await runs.reopen(run, 2);
    expect((await runs.find(run))?.halves.words.state).toBe("COMPLETED");
    expect(await isListed(run)).toBe(false);
  });
});
