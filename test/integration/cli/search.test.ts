import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { silentLog } from "../../../core/log.ts";
import { silentMetrics } from "../../../core/metrics.ts";
import { searchHttpServer } from "../../../core/search/http-server.ts";
import type { SearchAnswer } from "../../../core/search/search.ts";
import type { SearchRequest } from "../../../core/search/search-request.ts";
import { stackOutputs } from "../../unit/cli/stack-outputs.ts";

jest.setTimeout(60_000);

const command = join(import.meta.dirname, "../../../cli/search.ts");
const apiKey = "open sesame";
const answer: SearchAnswer = {
  collection: "words",
  generations: { words: 4 },
  hits: [
    {
      id: "a",
      image_id: "image",
      receipt_id: 1,
      line_id: 2,
      word_id: 3,
      text: "9.99",
      score: 0.5,
      metadata: { merchant_name: "Aldi", label_TOTAL: true, x: 0.25 },
    },
  ],
};

const asked: SearchRequest[] = [];
let servers: Server[];
let folder: string;

/** A folder in which a stack runs: its query service answers every request that it accepts with the same hit. */
beforeAll(async () => {
  const service = searchHttpServer(
    {
      search: async (request) => {
        asked.push(request);
        return answer;
      },
      similar: async ({ id }) => ({
        collection: "words" as const,
        generations: { words: 4 },
        of: { id, text: "9.95", metadata: {} },
        labels: { TOTAL: { valid: 1, invalid: 0 } },
        hits: answer.hits,
      }),
      statusOf: async () => undefined,
      health: () => ({}),
    },
    { apiKey, dimensions: 2, log: silentLog, metrics: silentMetrics },
  );
  const secretsManager = createServer((_, response) => {
    response.end(JSON.stringify({ SecretString: apiKey }));
  });
  servers = [service, secretsManager];
  const [searchUrl, AWS_ENDPOINT_URL] = await Promise.all(servers.map(listen));
  folder = await mkdtemp(join(tmpdir(), "search-"));
  await mkdir(join(folder, ".vectorkeep"));
  const outputs = { ...stackOutputs, searchUrl, searchApiKeySecret: "query-api-key" };
  const environment = {
    AWS_ENDPOINT_URL,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "id",
    AWS_SECRET_ACCESS_KEY: "secret",
  };
  await writeFile(join(folder, ".vectorkeep/stack.json"), JSON.stringify({ outputs, environment }));
});

afterAll(async () => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  await rm(folder, { recursive: true, force: true });
});

beforeEach(() => {
  asked.length = 0;
});

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What `npm run search -- ...` prints. */
async function run(...options: string[]): Promise<string> {
  return promisify(execFile)(process.execPath, [command, ...options], { cwd: folder }).then(
    ({ stdout }) => stdout,
    ({ stderr }: { stderr: string }) => stderr,
  );
}

test("a merchant and a label are asked for beside the text, and a label alone asks for words", async () => {
  await run("total", "--merchant", "Aldi Süd");
  await run("total", "--label", "TOTAL", "--k", "2");
  await run("total", "--merchant", "Aldi", "--label", "TOTAL", "--collection", "words");
  expect(asked).toMatchObject([
    { collection: "lines", text: "total", k: 5, filter: {}, merchant: "Aldi Süd" },
    { collection: "words", text: "total", k: 2, filter: {}, label: "TOTAL" },
    { collection: "words", text: "total", k: 5, filter: {}, merchant: "Aldi", label: "TOTAL" },
  ]);
});

test("what cannot be asked is refused with every reason, and nothing is searched", async () => {
  const said = await run("total", "--label", "TOTAL", "--collection", "lines", "--merchant", "");
  expect(said).toMatch(/^The search API answered 400/);
  expect(said).toMatch(/^ {2}- merchant: /m);
  expect(said).toMatch(/^ {2}- label: lines have none: search collection words$/m);
  expect(await run("total", "--label", "status")).toMatch(/- label: a label cannot be named status/);
  expect(await run("total", "--label")).toMatch(/'--label <value>' argument missing.*--help/);
  expect(asked).toEqual([]);
});

test("days, amounts and a condition are asked for together", async () => {
  await run("total", "--from", "2025-01-01", "--to", "2025-01-31");
  await run("total", "--min-amount", "5", "--where", '{"merchant":{"contains":"cafe"}}');
  expect(asked.map(({ where }) => where)).toEqual([
    {
      kind: "and",
      of: [
        { kind: "field", field: "date", comparison: { operator: "gte", value: "2025-01-01" } },
        { kind: "field", field: "date", comparison: { operator: "lte", value: "2025-01-31" } },
      ],
    },
    {
      kind: "and",
      of: [
        { kind: "field", field: "merchant", comparison: { operator: "contains", text: "cafe" } },
        { kind: "field", field: "amount", comparison: { operator: "gte", value: 5 } },
      ],
    },
  ]);
  expect(await run("total", "--min-amount", "five")).toMatch(/--min-amount is a number, not "five"/);
  expect(await run("total", "--where", "cafe")).toMatch(/--where is a JSON object, not "cafe"/);
  expect(await run("total", "--from", "January")).toMatch(/- where.date.gte: must be a day, YYYY-MM-DD/);
});

test("the neighbours of a vector are printed with how they are labelled", async () => {
  const id = "IMAGE#image#RECEIPT#00001#LINE#00002#WORD#00001";
  expect(await run("--like", id)).toBe(
    "like: 9.95\n" +
      "labels: TOTAL 1 VALID, 0 INVALID\n" +
      "score  merchant  labels  word\n" + //
      " 0.50  Aldi      TOTAL   9.99\n",
  );
  expect(await run("--like", "total")).toMatch(/- id: is not an id of a vector/);
});

test("hits are printed as a table, or whole as JSON", async () => {
  expect(await run("total", "--label", "TOTAL")).toBe(
    "score  merchant  labels  word\n" + //
      " 0.50  Aldi      TOTAL   9.99\n",
  );
  expect(JSON.parse(await run("total", "--label", "TOTAL", "--json"))).toEqual(answer);
});
