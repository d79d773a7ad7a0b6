import { IndexNotAllowedError, IndexUnavailableError } from "../../../core/catchup/index/index-errors.ts";
import { preflight } from "../../../core/catchup/preflight/preflight.ts";
import { textFormat } from "../../../core/catchup/records/text-format.ts";
import type { ProcessRequest } from "../../../core/catchup/requests/process-request.ts";
import {
  EmbeddingNotAllowedError,
  EmbeddingThrottledError,
  WrongDimensionsError,
} from "../../../core/embedding/embedding-errors.ts";
import { silentLog } from "../../../core/log.ts";
import type { Question } from "../../../local/metabase/question.ts";
import { type MetabaseServer, serveMetabase } from "../../../local/metabase/server.ts";
import { FakeEmbedder, FakeIndex, FakeNamespaces } from "../../unit/catchup/fake-providers.ts";
import { requestOf } from "../../unit/catchup/requests.ts";

const good = ["id", "formatted_text", "created_at"];
const questions: readonly Question[] = [
  {
    id: 12,
    columns: good,
    rows: [],
    dateColumn: "created_at",
    variables: { start: "Start_Date", end: "End Date" },
  },
  { id: 13, columns: good, rows: [] },
  { id: 14, columns: ["ID", "Formatted Text"], rows: [] },
  { id: 15, columns: ["key", "body"], rows: [] },
];
let metabase: MetabaseServer;
let embedder: FakeEmbedder;
let index: FakeIndex;
let namespaces: FakeNamespaces;
const warned: unknown[] = [];

beforeAll(async () => {
  metabase = await serveMetabase({ port: 0, questions });
});
beforeEach(() => {
  embedder = new FakeEmbedder();
  index = new FakeIndex();
  namespaces = new FakeNamespaces();
  warned.length = 0;
});
afterAll(() => metabase.close());

function check(changed: Partial<ProcessRequest> = {}, hasMetabase = true) {
  return preflight(requestOf(changed), {
    embedderOf: async () => embedder,
    namespaces,
    defaultModel: "fake",
    index,
    metabase: hasMetabase
      ? { url: metabase.url, apiKey: "mb-secret", giveUpAt: Date.now() + 60_000 }
      : undefined,
    log: { ...silentLog, warn: (...said) => warned.push(said) },
  });
}

const question = (id: string, changed: Partial<ProcessRequest> = {}) =>
  check({ data_source: "metabase", question_id: id, ...changed });

test("F35: what fits has no problem, and costs one tiny request", async () => {
  expect(await question("12")).toEqual([]);
  expect(embedder.requests).toEqual([["receipt"]]);
  expect(index.requests).toEqual([]);
});

test("F35: all problems are reported at once, before anything is embedded", async () => {
  embedder.embed = async () => {
    throw new EmbeddingNotAllowedError("fake", "HTTP 401 no such key");
  };
  index.holds = 1_536;
  expect(await question("99")).toEqual([
    { check: "embedding", problem: expect.stringContaining("HTTP 401 no such key") },
    { check: "index", problem: expect.stringContaining("holds vectors of 1536 dimensions") },
    { check: "source", problem: expect.stringContaining("there is no such question") },
  ]);
});

test("F35: a dead key of the index and another dimension of the model are problems", async () => {
  index.describe = async () => {
    throw new IndexNotAllowedError("pinecone", "the key is refused");
  };
  embedder.embed = async () => {
    throw new WrongDimensionsError("fake", 4, 32);
  };
  expect((await check()).map((problem) => problem.check)).toEqual(["embedding", "index"]);
});

test("F70: a namespace of another model is a problem that names both, and nothing is recorded", async () => {
  namespaces.models.set("v2", { model: "other", dimensions: 4, text_format: textFormat });
  expect(await check()).toEqual([
    { check: "index", problem: expect.stringMatching(/Namespace v2 .* of other .* of fake/) },
  ]);
  expect(await check({ namespace: "new" })).toEqual([]);
  expect([...namespaces.models.keys()]).toEqual(["v2"]);
});

test("a transient error is no problem, and is logged", async () => {
  index.describe = async () => {
    throw new IndexUnavailableError("pinecone", new Error("HTTP 503"));
  };
  embedder.embed = async () => {
    throw new EmbeddingThrottledError("fake");
  };
  expect(await check()).toEqual([]);
  expect(warned).toHaveLength(2);
});

test("a dry run asks for its source only", async () => {
  index.holds = 1_536;
  expect(await question("12", { dry_run: true })).toEqual([]);
  expect(embedder.requests).toEqual([]);
});

describe("F35: a question", () => {
  test.each([
    ["13", { date_column_required: true }, undefined],
    ["14", {}, undefined],
    ["14", { date_column_required: true }, "neither variables for the dates nor a column created_at"],
    ["15", {}, "it has no column id; it has no column formatted_text"],
  ])("%s, asked with %j: %s", async (id, changed, problem) => {
    const problems = await question(id, changed);
    if (problem === undefined) expect(problems).toEqual([]);
    else expect(problems).toEqual([{ check: "source", problem: expect.stringContaining(problem) }]);
  });

  test("is a problem where the stack has no Metabase", async () => {
    const problems = await check({ data_source: "metabase" }, false);
    expect(problems).toEqual([{ check: "source", problem: expect.stringContaining("no Metabase") }]);
  });
});
