import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { Analyses, type AnalysisInput, type NewAnalysis } from "../../../core/images/database/analyses.ts";
import { Embeddings } from "../../../core/images/database/embeddings.ts";
import { type ImageFacts, Items, type ObjectVersion } from "../../../core/images/database/items.ts";
import { exactVectors, searchItems } from "../../../core/images/database/search-statement.ts";
import { parseImageKey } from "../../../core/images/events/image-key.ts";
import { paddedSequencer } from "../../../core/images/events/sequencer.ts";
import { dimensions, emptyDatabase, migrated, type TestDatabase } from "./pglite-database.ts";
import { someAnalysis } from "./some-analysis.ts";

const bucket = "uploads";

describe("the tables of the image flow", () => {
  let database: TestDatabase;
  let items: Items;
  let analyses: Analyses;
  let embeddings: Embeddings;

  beforeAll(async () => {
    database = await emptyDatabase();
    await migrated(database);
    items = new Items(database);
    analyses = new Analyses(database);
    embeddings = new Embeddings(database);
  });
  afterAll(() => database.close());

  const version = (key: string, sequencer: string): ObjectVersion => {
    const { userId, name, ownId } = parseImageKey(bucket, key);
    return { bucket, key, userId, name, ownId, sequencer: paddedSequencer(sequencer) };
  };
  const facts = (content: string): ImageFacts => ({
    etag: content,
    contentSha256: sha256(content),
    mimeType: "image/jpeg",
    bytes: 3,
    width: 4,
    height: 5,
  });
  const input = (itemId: string, userId: string, content: string, sequencer: string): AnalysisInput => ({
    analysisId: sha256(`${itemId} ${content}`),
    inputHash: sha256(content),
    contentSha256: sha256(content),
    itemId,
    userId,
    sequencer: paddedSequencer(sequencer),
  });
  const versions = async (itemId: string) =>
    (
      await database.query(
        z.object({ version: z.number() }),
        "select version from analyses where item_id = :id order by version",
        { id: itemId },
      )
    ).map((row) => row.version);

  test("the newest event of a key decides, in whatever order events arrive", async () => {
    const first = await items.recordCreated(version("ann/a.jpg", "0A"), facts("one"));
    expect(first).toMatchObject({ id: "a", content_sha256: sha256("one") });
    await items.recordCreated(version("ann/a.jpg", "0C"), facts("three"));
    const late = await items.recordCreated(version("ann/a.jpg", "0B"), facts("two"));
    expect(late).toMatchObject({ content_sha256: sha256("three"), object_sequencer: paddedSequencer("0C") });
    const longer = await items.recordCreated(version("ann/a.jpg", "0C1"), facts("four"));
    expect(longer.content_sha256).toBe(sha256("four"));
  });

  test("two files with one name, and one name of two users, are different items", async () => {
    await items.recordCreated(version("bob/b.png", "01"), facts("png"));
    const jpg = await items.recordCreated(version("bob/b.jpg", "01"), facts("jpg"));
    const other = await items.recordCreated(version("cat/b.png", "01"), facts("png"));
    expect(new Set(["b", jpg.id, other.id]).size).toBe(3);
    expect((await items.recordCreated(version("bob/b.jpg", "02"), facts("jpg2"))).id).toBe(jpg.id);
  });

  test("a late upload does not bring a deleted image back, and a new one does", async () => {
    await items.recordDeleted(version("dan/d.jpg", "05"));
    expect(await items.recordCreated(version("dan/d.jpg", "04"), facts("old"))).toMatchObject({
      deleted: true,
    });
    expect(await items.recordCreated(version("dan/d.jpg", "06"), facts("new"))).toMatchObject({
      deleted: false,
    });
  });

  test("an input is claimed once, stored once, and known afterwards", async () => {
    const { id } = await items.recordCreated(version("eve/e.jpg", "01"), facts("e"));
    const one = input(id, "eve", "e", "01");
    expect(await analyses.start(one, "me", 60)).toMatchObject({ kind: "open", usdToday: 0 });
    expect(await analyses.start(one, "other", 60)).toEqual({ kind: "claimed" });
    expect(await analyses.store(one, analysis("a train"))).toBe(true);
    expect(await analyses.store(one, analysis("a train"))).toBe(true);
    expect(await analyses.start(one, "other", 60)).toEqual({
      kind: "known",
      analysisId: one.analysisId,
      isNewest: true,
    });
    expect(await versions(id)).toEqual([1]);
  });

  test("a claim of a process that died expires", async () => {
    const { id } = await items.recordCreated(version("eve/claim.jpg", "01"), facts("c"));
    const one = input(id, "eve", "c", "01");
    await analyses.start(one, "died", 0);
    expect(await analyses.start(one, "next", 60)).toMatchObject({ kind: "open" });
  });

  test("an answer about replaced content is paid for and not stored", async () => {
    const { id } = await items.recordCreated(version("fay/f.jpg", "01"), facts("old"));
    const old = input(id, "fay", "old", "01");
    await analyses.start(old, "me", 60);
    await items.recordCreated(version("fay/f.jpg", "02"), facts("new"));
    const before = await spent();
    expect(await analyses.store(old, analysis("an old train"))).toBe(false);
    expect(await versions(id)).toEqual([]);
    expect((await spent()) - before).toBeCloseTo(0.001);
  });

  test("content that returns makes its analysis the newest again", async () => {
    const contents = ["x", "y", "x"];
    let id = "";
    for (const [index, content] of contents.entries()) {
      const sequencer = `0${index + 1}`;
      id = (await items.recordCreated(version("gus/g.jpg", sequencer), facts(content))).id;
      const one = input(id, "gus", content, sequencer);
      const start = await analyses.start(one, "me", 60);
      if (start.kind === "open") await analyses.store(one, analysis(content));
      else {
        expect(start).toMatchObject({ kind: "known", isNewest: false });
        await analyses.promote(one);
      }
    }
    expect(await versions(id)).toEqual([2, 3]);
    expect((await embeddings.source("gus", sha256(`${id} x`), "m"))?.isNewest).toBe(true);
  });

  test("the vector of an older analysis does not replace that of a newer one", async () => {
    const { id } = await items.recordCreated(version("hal/h.jpg", "01"), facts("h"));
    const [one, two] = [input(id, "hal", "h", "01"), input(id, "hal", "h again", "01")];
    await analyses.store(one, analysis("first"));
    await analyses.store(two, analysis("second"));
    const first = await embeddings.source("hal", one.analysisId, "m");
    const second = await embeddings.source("hal", two.analysisId, "m");
    if (first === undefined || second === undefined) throw new Error("an analysis is missing");
    expect([first.isNewest, second.isNewest]).toEqual([false, true]);
    const stored = { vector: vectorTo(1), model: "m", document: "d" };
    expect(await embeddings.store(second, stored)).toBe(true);
    expect(await embeddings.store(first, stored)).toBe(false);
    expect(await embeddings.store(second, stored)).toBe(false);
    expect(await embeddings.store(second, { ...stored, model: "another" })).toBe(true);
  });

  test("deleting an image removes its analyses and its vector", async () => {
    const { id } = await items.recordCreated(version("ivy/i.jpg", "01"), facts("i"));
    const one = input(id, "ivy", "i", "01");
    await analyses.store(one, analysis("a leaf"));
    const source = await embeddings.source("ivy", one.analysisId, "m");
    if (source === undefined) throw new Error("the analysis is missing");
    await embeddings.store(source, { vector: vectorTo(1), model: "m", document: "d" });
    await items.recordDeleted(version("ivy/i.jpg", "02"));
    expect(await versions(id)).toEqual([]);
    expect(await count("select count(*)::int as n from embeddings where user_id = 'ivy'")).toBe(0);
    expect(await analyses.start(one, "me", 60)).toEqual({ kind: "superseded" });
    expect(await embeddings.source("ivy", one.analysisId, "m")).toBeUndefined();
  });

  test("a scalar or null where a list belongs does not break the search column", async () => {
    const { id } = await items.recordCreated(version("jim/j.jpg", "01"), facts("j"));
    for (const [index, extracted_text] of ["one line", null, ["a", "list"]].entries()) {
      const raw = { headline: null, image_details: { extracted_text } };
      const one = input(id, "jim", `j${index}`, "01");
      expect(await analyses.store(one, { ...analysis("s"), rawResponse: raw })).toBe(true);
    }
  });

  test("a small user finds k images although another user has ten thousand nearer ones", async () => {
    await crowd("crowd", exactVectors + 1, 0);
    await crowd("small", 20, 1);
    // Otherwise the planner may read all rows of a user, and the index's shortfall does not show.
    await database.execute("set enable_sort = off");
    await database.execute("set hnsw.iterative_scan = 'off'");
    const ask = (userId: string) =>
      searchItems(database, {
        userId,
        k: 10,
        lexical: undefined,
        vector: JSON.stringify(vectorTo(0)),
        weights: { lexical: 0.3, vector: 0.7 },
        rankConstant: 15,
      });
    const hits = await ask("small");
    expect(hits).toHaveLength(10);
    expect(hits.every(({ item_id }) => item_id.startsWith("small-"))).toBe(true);
    expect(await ask("nobody")).toEqual([]);
    // Above the bound the index answers.
    const large = await ask("crowd");
    expect(large).toHaveLength(10);
    expect(large.every(({ item_id }) => item_id.startsWith("crowd-"))).toBe(true);
    await database.execute("reset all");
  }, 300_000);

  test("a hybrid search fuses both sides, and a minus excludes", async () => {
    const texts = { train: "train times to the coast", cake: "a recipe for cake", both: "cake in the train" };
    for (const [index, [name, summary]] of Object.entries(texts).entries()) {
      const { id } = await items.recordCreated(version(`kim/${name}.jpg`, "01"), facts(name));
      const one = input(id, "kim", name, "01");
      await analyses.store(one, analysis(summary));
      const source = await embeddings.source("kim", one.analysisId, "m");
      if (source === undefined) throw new Error("the analysis is missing");
      await embeddings.store(source, { vector: vectorTo(index / 10), model: "m", document: summary });
    }
    const ask = async (any: string, none = "", vector?: readonly number[]) => {
      const hits = await searchItems(database, {
        userId: "kim",
        k: 10,
        lexical: { any, none },
        vector: vector && JSON.stringify(vector),
        weights: { lexical: 0.3, vector: 0.7 },
        rankConstant: 15,
      });
      return hits.map(({ item_id }) => item_id);
    };
    expect((await ask("train or times")).sort()).toEqual(["both", "train"]);
    expect(await ask("train or times", "-cake")).toEqual(["train"]);
    expect(await ask('"cake in the train"')).toEqual(["both"]);
    expect(await ask("recipe", "", vectorTo(0))).toHaveLength(3);
    expect(await ask("the")).toEqual([]);
  });

  test("every statement about images compares the user", async () => {
    const statements: string[] = [];
    const folder = join(import.meta.dirname, "../../../core/images/database");
    for (const file of await readdir(folder)) {
      // The migration has no user, and operators look at all of them.
      if (!file.endsWith(".ts") || file === "migrate.ts" || file === "item-states.ts") continue;
      const text = await readFile(join(folder, file), "utf8");
      for (const [statement] of text.matchAll(/`[^`]*`|"(?:select|insert|update|delete)[^"]*"/g)) {
        if (/\b(from|update|join) (items|analyses|embeddings)\b/.test(statement)) statements.push(statement);
      }
    }
    expect(statements.length).toBeGreaterThan(8);
    // An id is unique over all users: whether it is taken must be asked of all of them.
    const idIsTaken = expect.stringContaining("then :name else :ownId");
    expect(statements.filter((statement) => !/\buser_id = :user\b/.test(statement))).toEqual([idIsTaken]);
  });

  test("nobody reads or changes what another user has", async () => {
    const { id } = await items.recordCreated(version("lea/l.jpg", "01"), facts("l"));
    const own = input(id, "lea", "l", "01");
    await analyses.store(own, analysis("a lemon"));
    const source = await embeddings.source("lea", own.analysisId, "m");
    if (source === undefined) throw new Error("the analysis is missing");
    await embeddings.store(source, { vector: vectorTo(0), model: "m", document: "d" });

    const others = { ...own, userId: "max" };
    expect(await items.of({ userId: "max", bucket, key: "lea/l.jpg" })).toBeUndefined();
    expect(await analyses.answer("max", own.analysisId)).toBeUndefined();
    expect(await analyses.start(others, "me", 60)).toEqual({ kind: "superseded" });
    expect(await analyses.promote(others)).toBe(false);
    expect(await embeddings.source("max", own.analysisId, "m")).toBeUndefined();
    expect(
      await embeddings.store(
        { ...source, userId: "max" },
        { vector: vectorTo(1), model: "n", document: "x" },
      ),
    ).toBe(false);
    const question = { k: 10, weights: { lexical: 0.3, vector: 0.7 }, rankConstant: 15 };
    const sides = { lexical: { any: "lemon", none: "" }, vector: JSON.stringify(vectorTo(0)) };
    expect(await searchItems(database, { userId: "max", ...question, ...sides })).toEqual([]);
    expect(await searchItems(database, { userId: "lea", ...question, ...sides })).toHaveLength(1);
  });

  async function crowd(user: string, images: number, direction: number): Promise<void> {
    const parameters = { user, images, vector: JSON.stringify(vectorTo(direction)) };
    await database.execute(
      `insert into items (id, user_id, bucket, object_key, object_sequencer)
       select :user::text || '-' || n, :user, 'b', :user::text || '/' || n, '0' from generate_series(1, :images::int) n`,
      { user, images },
    );
    await database.execute(
      `insert into analyses (id, item_id, user_id, version, input_hash, content_sha256, raw_response, provider_used, model_used,
         input_tokens, output_tokens, cost_usd, prompt_version)
       select id, id, user_id, 1, 'h', 'c', '{}', 'p', 'm', 0, 0, 0, 1 from items where user_id = :user`,
      { user },
    );
    await database.execute(
      `insert into embeddings (item_id, analysis_id, analysis_version, user_id, vector, embedding_model, embedding_dimensions, embedding_source)
       select id, id, 1, user_id, :vector::vector, 'm', ${dimensions}, '{}' from items where user_id = :user and :images::int > 0`,
      parameters,
    );
  }

  async function spent(): Promise<number> {
    const row = z.object({ usd: z.coerce.number() });
    return (await database.query(row, "select coalesce(sum(usd), 0) as usd from spending"))[0]?.usd ?? 0;
  }

  async function count(sql: string): Promise<number | undefined> {
    return (await database.query(z.object({ n: z.number() }), sql))[0]?.n;
  }
});

function analysis(summary: string): NewAnalysis {
  const rawResponse = { headline: null, image_details: {} };
  return someAnalysis({ summary, rawResponse, inputTokens: 100, outputTokens: 10, costUsd: 0.001 });
}

/** A unit vector at this angle. */
function vectorTo(angle: number): number[] {
  return [Math.cos(angle), Math.sin(angle), ...new Array<number>(dimensions - 2).fill(0)];
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
