import {
  checkModel,
  type NamespaceDeps,
  requireModel,
} from "../../../core/catchup/namespaces/require-model.ts";
import { textFormat } from "../../../core/catchup/records/text-format.ts";
import { FakeIndex } from "../../unit/catchup/fake-providers.ts";
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

const small = { model: "small", dimensions: 4 };
const large = { model: "large", dimensions: 4 };
let counter = 0;

/** A namespace that no other test uses. */
function fresh(): string {
  counter += 1;
  return `namespace-${counter}`;
}

function deps(sink = "pinecone#https://a", index = new FakeIndex()): NamespaceDeps {
  return { namespaces: tables.namespaces(sink), index, defaultModel: "small" };
}

const vector = { id: "1", vector: new Uint8Array(16), metadata: {} };

describe("a namespace", () => {
  test("is for the model of the first task that writes to it; another is refused, and both are named", async () => {
    const namespace = fresh();
    await requireModel([namespace], large, deps());
    await requireModel([namespace], large, deps());
    const refused = await requireModel([namespace], small, deps()).catch((error) => error);
    expect(refused).toMatchObject({ name: "NamespaceOfAnotherModelError" });
    for (const words of [
      namespace,
      "large with 4 dimensions",
      "small with 4 dimensions",
      "forget-namespace",
    ]) {
      expect(refused.message).toContain(words);
    }
  });

  test.each([
    ["model", { model: "other", dimensions: 4, text_format: textFormat }],
    ["number of dimensions", { model: "small", dimensions: 8, text_format: textFormat }],
    ["text format", { model: "small", dimensions: 4, text_format: "catch-up-text/0" }],
  ])("is refused for another %s", async (_, held) => {
    const namespace = fresh();
    await tables.namespaces("pinecone#https://a").claim(namespace, held);
    for (const check of [
      () => requireModel([namespace], small, deps()),
      () => checkModel(namespace, small, deps()),
    ]) {
      await expect(check()).rejects.toMatchObject({ name: "NamespaceOfAnotherModelError" });
    }
  });

  test("F70: that many processes claim at once for two models is for one of them", async () => {
    const namespace = fresh();
    const claims = Array.from({ length: 20 }, (_, n) =>
      requireModel([namespace], n % 2 === 0 ? small : large, deps()).then(
        () => (n % 2 === 0 ? "small" : "large"),
        (error: Error) => error.name,
      ),
    );
    const answers = new Set(await Promise.all(claims));
    expect(answers.size).toBe(2);
    expect(answers).toContain("NamespaceOfAnotherModelError");
  });

  test("that is forgotten is for the model of the next task, in every sink; others are not affected", async () => {
    const [namespace, other] = [fresh(), fresh()];
    await requireModel([namespace, other], large, deps());
    await requireModel([namespace], large, deps("s3vectors#bucket"));
    const held = { model: "large", dimensions: 4, text_format: textFormat };
    expect(await tables.forgetNamespace(namespace)).toEqual([held, held]);
    await requireModel([namespace], small, deps());
    expect(await tables.namespaces("pinecone#https://a").read(other)).toEqual(held);
    expect(await tables.forgetNamespace("never recorded")).toEqual([]);
  });

  test("of another sink is another namespace", async () => {
    const namespace = fresh();
    await requireModel([namespace], large, deps());
    await requireModel([namespace], small, deps("s3vectors#bucket"));
  });

  test("with vectors of an unrecorded model takes those of the stack's model alone", async () => {
    const namespace = fresh();
    const index = new FakeIndex();
    await index.upsert(namespace, [vector]);
    for (const check of [
      requireModel([namespace], large, deps("p#a", index)),
      checkModel(namespace, large, deps("p#a", index)),
    ]) {
      await expect(check).rejects.toMatchObject({ name: "NamespaceOfUnknownModelError" });
    }
    await checkModel(namespace, small, deps("p#a", index));
    await requireModel([namespace], small, deps("p#a", index));
    await expect(requireModel([namespace], large, deps("p#a", index))).rejects.toMatchObject({
      name: "NamespaceOfAnotherModelError",
    });
  });

  test("is not recorded by a check alone, nor where the sink holds another dimension", async () => {
    const namespace = fresh();
    const index = new FakeIndex();
    await checkModel(namespace, large, deps("p#a", index));
    index.holds = 8;
    for (const check of [
      requireModel([namespace], large, deps("p#a", index)),
      checkModel(namespace, large, deps("p#a", index)),
    ]) {
      await expect(check).rejects.toMatchObject({ name: "IndexOfAnotherDimensionError" });
    }
    expect(await tables.namespaces("p#a").read(namespace)).toBeUndefined();
  });
});

const header = "id,formatted_text,record_type\n";

describe("a task", () => {
  test("embeds by the model that its request names, and its namespaces remember it", async () => {
    const id = await rig.accept(`${header}1,a,\n2,b,orders\n`, { model: "other" });
    await rig.run(id);
    expect((await rig.task(id)).status).toBe("COMPLETED");
    expect([rig.embedder.paid, rig.other.paid.sort()]).toEqual([[], ["a", "b"]]);
    expect([...rig.namespaces.models].sort()).toEqual(
      ["orders", "v2"].map((name) => [name, { model: "other", dimensions: 4, text_format: textFormat }]),
    );
  });

  test("F70: one row of which names a namespace of another model is refused before anything is paid or written", async () => {
    await rig.run(await rig.accept(`${header}1,a,orders\n`, { model: "other" }));
    const rows = Array.from({ length: 9 }, (_, n) => `${n},text ${n},\n`).join("");
    const id = await rig.accept(`${header}${rows}10,b,orders\n`);
    await rig.run(id);
    const task = await rig.task(id);
    expect([task.status, task.error]).toEqual([
      "FAILED",
      expect.stringMatching(
        /^Namespace orders is for vectors of other with .* vectors of fake with .*forget-namespace orders/,
      ),
    ]);
    expect([rig.embedder.paid, rig.index.requests.length]).toEqual([[], 1]);
    expect(rig.started).toEqual([]);
  });

  test("F70: whose namespace another model claims after it was planned ends at its next chunk, and pays nothing more", async () => {
    rig.rowsPerFunction = 0;
    const id = await rig.accept(`${header}1,a,\n2,b,\n3,c,\n`);
    await rig.run(id);
    const [first, second] = rig.chunksOf(id);
    if (first) await rig.chunk(id, first);
    rig.namespaces.models.set("v2", { model: "other", dimensions: 4, text_format: textFormat });
    if (second) await rig.chunk(id, second);
    expect(await rig.task(id)).toMatchObject({
      status: "FAILED",
      error: expect.stringContaining("Namespace v2"),
    });
    expect(rig.embedder.paid).toEqual(["a", "b"]);
  });

  test("whose model the stack no longer has is FAILED, and says so", async () => {
    const id = await rig.accept(`${header}1,a,\n`, { model: "removed" });
    await rig.run(id);
    expect(await rig.task(id)).toMatchObject({
      status: "FAILED",
      error: expect.stringContaining("The stack has no model removed."),
    });
  });

  test("that is a dry run records nothing", async () => {
    await rig.run(await rig.accept(`${header}1,a,\n`, { model: "other", dry_run: true }));
    expect([...rig.namespaces.models]).toEqual([]);
  });

  test("its models do not share vectors through the embedding cache", async () => {
    await rig.run(await rig.accept(`${header}1,a,one\n`));
    await rig.run(await rig.accept(`${header}1,a,two\n`, { model: "other" }));
    expect([rig.embedder.paid, rig.other.paid]).toEqual([["a"], ["a"]]);
  });
});
