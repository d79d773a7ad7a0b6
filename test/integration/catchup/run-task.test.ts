import { IndexNotAllowedError, IndexThrottledError } from "../../../core/catchup/index/index-errors.ts";
import { namespaceModelOf } from "../../../core/catchup/namespaces/namespace-model.ts";
import { EmbeddingRefusedError } from "../../../core/embedding/embedding-errors.ts";
import { TaskRig } from "../../unit/catchup/task-rig.ts";
import { TaskTables } from "../../unit/catchup/task-tables.ts";

let tables: TaskTables;
let rig: TaskRig;

beforeAll(async () => {
  tables = await TaskTables.start();
});
beforeEach(() => {
  rig = new TaskRig(tables);
});
afterAll(() => tables.stop());

const header = "id,formatted_text\n";
const rows = (...texts: string[]) => header + texts.map((text, n) => `${n + 1},${text}\n`).join("");
const five = rows("a", "b", "c", "d", "e");

describe("a small task", () => {
  test("is planned, worked on and settled in one invocation", async () => {
    const id = await rig.accept(five);
    await rig.run(id);
    expect(await rig.task(id)).toMatchObject({
      status: "COMPLETED",
      rows: 5,
      chunks: 3,
      chunks_completed: 3,
      chunks_failed: 0,
      counts: { processed: 5, failed: 0, filtered: 0 },
    });
    expect(rig.started).toEqual([]);
    expect(rig.counted).toEqual({
      CatchUpRecordsProcessed: 5,
      CatchUpRecordsCached: 0,
      CatchUpRecordsFailed: 0,
    });
  });

  test("that is delivered again once it is over changes nothing and pays nothing (F12)", async () => {
    const id = await rig.accept(five);
    await rig.run(id);
    const task = await rig.task(id);
    await rig.run(id);
    expect(await rig.task(id)).toEqual(task);
    expect(rig.embedder.paid).toHaveLength(5);
  });

  test("whose time runs out is handed to the state machine, whatever its size", async () => {
    const id = await rig.accept(five, { host: "function" });
    await rig.run(id, { enoughUntil: 0 });
    expect(rig.started).toHaveLength(1);
    expect(await rig.task(id)).toMatchObject({
      status: "IN_PROGRESS",
      worked_on_by: { kind: "state_machine", id: expect.any(String) },
    });
  });

  test("that a provider's limit leaves no time for is handed over too, and no row fails (F23)", async () => {
    const id = await rig.accept(five);
    rig.index.upsert = async () => {
      throw new IndexThrottledError("pinecone");
    };
    await rig.run(id);
    expect(rig.started).toHaveLength(1);
    expect(rig.failedRows(id)).toEqual([]);
  });
});

describe("a large task", () => {
  test("goes to the state machine, whose input does not grow with the chunks (F22)", async () => {
    rig.rowsPerFunction = 4;
    const id = await rig.accept(five);
    await rig.run(id);
    expect(rig.started).toEqual([
      { task_id: id, chunks_key: expect.stringMatching(`^plans/${id}/.*/chunks.json$`) },
    ]);
    expect(await rig.task(id)).toMatchObject({ rows: 5, chunks: 3 });
    expect(rig.embedder.paid).toEqual([]);
  });

  test.each([
    ["state_machine", 1_000, 1],
    ["function", 1, 0],
    ["auto", 5, 0],
    ["auto", 4, 1],
  ] as const)("with host %s and %i rows a function: %i executions", async (host, most, executions) => {
    rig.rowsPerFunction = most;
    await rig.run(await rig.accept(five, { host }));
    expect(rig.started).toHaveLength(executions);
  });

  test("that was cancelled while it was planned leaves no execution running", async () => {
    rig.rowsPerFunction = 0;
    const id = await rig.accept(five);
    const open = rig.source.open.bind(rig.source);
    rig.source.open = async (key) => {
      await tables.tasks.change(id, { status: "CANCELLED" });
      return open(key);
    };
    await rig.run(id);
    expect(rig.started).toHaveLength(rig.stopped.length);
    expect((await rig.task(id)).status).toBe("CANCELLED");
  });
});

describe("what fails", () => {
  test.each([
    ["a missing file", undefined, "There is no object"],
    ["a file without its columns", "a,b\n1,2\n", "there is no column id"],
    ["open quotes", `${header}1,"a\n`, "ends inside the quotes"],
  ])("%s ends the task with the reason", async (_, csv, reason) => {
    const id = await rig.accept(csv);
    await rig.run(id);
    expect(await rig.task(id)).toMatchObject({ status: "FAILED", error: expect.stringContaining(reason) });
    expect(rig.counted.CatchUpTasksFailed).toBe(1);
  });

  test("for another reason is thrown, and the task stays open for the next attempt (F19)", async () => {
    const id = await rig.accept(five);
    rig.crashes.arm(12, "before");
    await expect(rig.run(id)).rejects.toThrow();
    expect((await rig.task(id)).status).toBe("IN_PROGRESS");
    rig.crashes.disarm();
    await rig.run(id);
    expect((await rig.task(id)).counts?.processed).toBe(5);
  });

  test("a file that goes away while its task runs does not end it without its rows (F20)", async () => {
    const id = await rig.accept(five);
    rig.source.readRange = async (key) => {
      rig.source.objects.delete(key);
      return rig.source.open(key).then(() => new Uint8Array());
    };
    await expect(rig.run(id)).rejects.toMatchObject({ name: "SourceMissingError" });
    await rig.settle(id);
    expect(await rig.task(id)).toMatchObject({ status: "FAILED", counts: { failed: 5 }, chunks_failed: 3 });
  });
});

describe("F31: a refusal that every record would meet stops the task with one sentence", () => {
  test("of the model: two requests, and no record is blamed", async () => {
    const id = await rig.accept(rows(...Array.from({ length: 256 }, (_, n) => `text ${n}`)));
    let asked = 0;
    rig.embedder.embed = async () => {
      asked += 1;
      throw new EmbeddingRefusedError("fake", new Error("API key not valid."));
    };
    await rig.run(id);
    expect(await rig.task(id)).toMatchObject({
      status: "FAILED",
      error: expect.stringContaining("it refuses every text: API key not valid."),
    });
    // Four requests are in flight at a time; each of them asks once more.
    expect(asked).toBeLessThanOrEqual(8);
    expect(rig.failedRows(id)).toEqual([]);
    expect(rig.counted.CatchUpTasksFailed).toBe(1);
  });

  test("of the index: another dimension is found before anything is paid", async () => {
    const id = await rig.accept(five);
    rig.index.holds = 1_536;
    await rig.run(id);
    expect(await rig.task(id)).toMatchObject({
      status: "FAILED",
      error: expect.stringContaining("holds vectors of 1536 dimensions; this stack's model gives 4"),
    });
    expect([rig.embedder.paid, rig.index.requests]).toEqual([[], []]);
  });

  test("of an index that was replaced: another dimension is reported after one request per batch", async () => {
    const id = await rig.accept(five, { batch_size: 100 });
    await rig.namespaces.claim("v2", namespaceModelOf(rig.embedder));
    rig.index.holds = 1_536;
    await rig.run(id);
    expect(await rig.task(id)).toMatchObject({
      status: "FAILED",
      error: expect.stringContaining("holds vectors of 1536 dimensions; this stack's model gives 4"),
    });
    expect(rig.index.requests).toHaveLength(1);
    expect(rig.failedRows(id)).toEqual([]);
  });

  test("in the state machine: the chunks that come later do nothing", async () => {
    rig.rowsPerFunction = 0;
    const id = await rig.accept(five);
    await rig.run(id);
    const [first, ...others] = rig.chunksOf(id);
    if (first) await rig.chunk(id, first);
    rig.index.upsert = async () => {
      throw new IndexNotAllowedError("pinecone", "the key is refused");
    };
    for (const chunk of others) await rig.chunk(id, chunk);
    await rig.settle(id);
    expect(await rig.task(id)).toMatchObject({
      status: "FAILED",
      error: expect.stringContaining("the key is refused"),
    });
    expect(rig.embedder.paid).toHaveLength(4);
    expect(rig.failedRows(id)).toEqual([]);
  });
});

test("a task without rows is skipped", async () => {
  const id = await rig.accept(header);
  await rig.run(id);
  expect(await rig.task(id)).toMatchObject({ status: "SKIPPED", rows: 0, chunks: 0 });
});

test("a dry run ends with an estimate, and counts nothing as processed for the operators", async () => {
  const id = await rig.accept(rows("hello world", "hello there"), { dry_run: true });
  await rig.run(id);
  expect(await rig.task(id)).toMatchObject({
    status: "COMPLETED",
    estimate: { tokens: 4, cost_usd: 0, seconds: 1 },
  });
  expect(rig.counted).toEqual({});
});

test("the failed records of one chunk are tried again, and those of the others are left", async () => {
  const id = await rig.accept("id,formatted_text\n1,poison\n2,b\n3,poison\n4,d\n");
  await rig.run(id);
  expect(rig.failedRows(id).map(([row]) => row)).toEqual([1, 3]);
  const asked = { data_source: "failed_records" as const, retry_of: id, retry_chunks: [1] };
  const retry = await rig.accept(undefined, asked);
  await rig.run(retry);
  expect(await rig.task(retry)).toMatchObject({ rows: 1, chunks: 1 });
  expect(rig.failedRows(retry)).toEqual([[3, "refused_by_model"]]);
});

test("only the failed records are tried again, by the same dates, and keep their row numbers", async () => {
  const dated =
    "id,formatted_text,created_at\n1,a,2024-03-01\n2,b,2020-01-01\n3,c,2024-03-01\n4,poison,2024-03-01\n";
  const id = await rig.accept(dated);
  const read = rig.source.readRange.bind(rig.source);
  rig.source.readRange = async (key, etag, first, last) => {
    if (first < 40) throw new Error("This chunk never works.");
    return read(key, etag, first, last);
  };
  await expect(rig.run(id)).rejects.toThrow();
  rig.source.readRange = read;
  for (const chunk of rig.chunksOf(id).slice(1)) await rig.chunk(id, chunk);
  await rig.settle(id);
  expect(rig.failedRows(id)).toEqual([
    [1, "chunk_failed"],
    [2, "chunk_failed"],
    [4, "refused_by_model"],
  ]);
  const retry = await rig.accept(undefined, { data_source: "failed_records", retry_of: id });
  await rig.run(retry);
  expect((await rig.task(retry)).counts).toMatchObject({ processed: 1, failed: 1, filtered: 1 });
  expect(rig.failedRows(retry)).toEqual([[4, "refused_by_model"]]);
  expect(rig.index.texts).toEqual({ "v2/12.1": "a", "v2/12.3": "c" });
});
