import { textFormat } from "../../../core/catchup/records/text-format.ts";
import type { EmbeddingsServer } from "../../../local/embeddings/server.ts";
import { TaskTables } from "../../unit/catchup/task-tables.ts";
import { BatchRig } from "./batch-rig.ts";

jest.setTimeout(120_000);

let tables: TaskTables;
let server: EmbeddingsServer;
let rig: BatchRig;

beforeAll(async () => {
  [tables, server] = await Promise.all([TaskTables.start(), BatchRig.startServer()]);
});
afterAll(async () => {
  await server.close();
  await tables.stop();
});
beforeEach(() => {
  rig = new BatchRig(tables, server);
});

const csvOf = (...texts: string[]) =>
  `id,formatted_text\n${texts.map((text, row) => `${row},${text}\n`).join("")}`;

test("what a batch has paid for, a later task does not pay for, at once or in a batch", async () => {
  const first = await rig.planned(csvOf("one", "two", "three"));
  await rig.pay(first);
  await rig.finish(first);
  rig.cache = rig.newCache();
  const before = rig.paid;
  const second = await rig.planned(csvOf("three", "one", "two"), { namespace: "second" });
  await rig.pay(second);
  expect((await rig.state(second))?.outcome).toBe("nothing_to_pay");
  expect((await rig.finish(second)).counts).toMatchObject({ processed: 3, cached: 3, tokens: 0 });
  const third = await rig.planned(csvOf("three", "four"), { namespace: "third" });
  await rig.pay(third);
  expect((await rig.finish(third)).counts).toMatchObject({ processed: 2, cached: 1 });
  expect({ sync: rig.paid.sync - before.sync, batch: rig.paid.batch - before.batch }).toEqual({
    sync: 0,
    batch: 1,
  });
});

test("F70: a batch is not made for a namespace that another model has claimed since the plan", async () => {
  const taskId = await rig.planned(csvOf("five", "six"));
  rig.namespaces.models.set("v2", { model: "other", dimensions: 512, text_format: textFormat });
  const before = rig.paid;
  await expect(rig.advance(taskId)).rejects.toMatchObject({ name: "NamespaceOfAnotherModelError" });
  expect(await rig.finish(taskId)).toMatchObject({
    status: "FAILED",
    error: expect.stringContaining("Namespace v2"),
  });
  expect(rig.paid).toEqual(before);
});
