import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Pinecone } from "@pinecone-database/pinecone";
import { freePorts } from "../../local/free-ports.ts";

jest.setTimeout(30_000);

interface Told {
  readonly baseUrls?: Record<string, string>;
  readonly error?: string;
}

/** Starts the servers of a configuration in a process of their own, which has to end by itself. */
async function withProviders(
  config: Record<string, string>,
  usual: Record<string, string>,
  use: (told: Told) => Promise<void>,
): Promise<void> {
  const child = fork(join(__dirname, "serve-providers.ts"), [JSON.stringify(config), JSON.stringify(usual)], {
    execArgv: [],
  });
  const exited = once(child, "exit");
  const [told] = (await once(child, "message")) as [Told];
  try {
    await use(told);
  } finally {
    if (child.connected) child.disconnect();
    expect(await exited).toEqual([0, null]);
  }
}

const free = { ...freePorts, "embedding:dimensions": "512" };

test("every provider that the configuration names is served, and all end with the stack", async () => {
  await withProviders(free, {}, async ({ baseUrls = {} }) => {
    expect(Object.keys(baseUrls).sort()).toEqual([
      "catchup:metabaseUrl",
      "catchup:pineconeHost",
      "embedding:baseUrl",
      "images:anthropicBaseUrl",
      "images:openAiBaseUrl",
      "images:voyageBaseUrl",
      "merchants:placesBaseUrl",
    ]);
    const pinecone = new Pinecone({
      apiKey: "any",
      controllerHostUrl: new URL(baseUrls["catchup:pineconeHost"] as string).origin,
    });
    expect((await pinecone.indexes.describe("records")).dimension).toBe(512);
    const answer = await fetch(`${baseUrls["catchup:metabaseUrl"]}/api/card/42/query/csv`, {
      method: "POST",
      headers: { "x-api-key": "any" },
    });
    expect(await answer.text()).toMatch(/^id,formatted_text,record_type,created_at/);
  });
});

test("a provider that the configuration does not name, or names elsewhere, is not started", async () => {
  const config = {
    "catchup:pineconeHost": "http://127.0.0.1:1/hosts/records",
    "catchup:metabaseUrl": "http://127.0.0.1:0",
  };
  const usual = { "catchup:pineconeHost": "http://127.0.0.1:4569/hosts/records" };
  await withProviders(config, usual, async ({ baseUrls = {} }) => {
    expect(Object.keys(baseUrls)).toEqual(["catchup:metabaseUrl"]);
  });
});

test.each(["images", "merchants"])("with %s:enabled false its providers are not started", async (flow) => {
  await withProviders({ ...free, [`${flow}:enabled`]: "false" }, {}, async ({ baseUrls = {} }) => {
    expect(Object.keys(baseUrls).filter((setting) => setting.startsWith(`${flow}:`))).toEqual([]);
  });
});

test("when one cannot start, none stays behind", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const taken = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  const config = { ...free, "catchup:metabaseUrl": taken };
  await withProviders(config, { "catchup:metabaseUrl": taken }, async ({ error }) => {
    expect(error).toMatch(/EADDRINUSE/);
  });
  other.close();
});
