import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { ShardName } from "../../../contract/collections.ts";
import { type Heads, healthOfServer, servedGenerations } from "../../../local/start/served-generations.ts";

type Served = Record<string, { generation: number | null; count: number | null }>;

let answers: Served[];
let server: Server;
let url: string;

/** A query server that says one thing after another of what it serves. */
beforeAll(async () => {
  server = createServer((_, response) => {
    const collections = answers.length > 1 ? answers.shift() : answers[0];
    response.end(JSON.stringify({ status: "ok", collections }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const headsOf = (heads: Record<string, number | undefined>): Heads =>
  new Map(
    Object.entries(heads).map(([shard, generation]) => [
      shard as ShardName,
      generation === undefined
        ? undefined
        : { generation, name: `0000000${generation}-1`, base: null, publishedAt: "" },
    ]),
  );

test("every shard is waited for until it serves its head, or nothing where nothing is published", async () => {
  const empty = { generation: null, count: null };
  const done = { "lines-1of2": { generation: 3, count: 7 }, "lines-2of2": empty };
  answers = [{}, { ...done, "lines-1of2": { generation: 2, count: 5 } }, done];
  const heads = headsOf({ "lines-1of2": 3, "lines-2of2": undefined });
  const served = await servedGenerations(() => healthOfServer(url), heads, new AbortController().signal);
  expect(Object.fromEntries(served)).toEqual(done);
  expect(answers).toEqual([done]);
});

test("a generation that was published after the look at the heads is new enough", async () => {
  const newer = { "lines-1of1": { generation: 4, count: 9 }, "words-1of1": { generation: 1, count: 2 } };
  answers = [newer];
  const heads = headsOf({ "lines-1of1": 3, "words-1of1": undefined });
  const served = await servedGenerations(() => healthOfServer(url), heads, new AbortController().signal);
  expect(Object.fromEntries(served)).toEqual(newer);
});
