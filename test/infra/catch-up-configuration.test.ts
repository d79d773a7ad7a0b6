import { ConfigurationInvalidError } from "../../infra/settings/read-all.ts";
import { catchUpSecrets, deployCatchUp } from "./support/catch-up-stack.ts";
import { deployStack, secrets } from "./support/stacks.ts";

const apiKeys = { ...secrets, ...catchUpSecrets };

async function problemsOf(deployed: Promise<unknown>): Promise<readonly string[]> {
  const error = await deployed.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  if (error !== undefined && !(error instanceof ConfigurationInvalidError)) throw error;
  return error?.problems ?? [];
}

test("a stack that catches up has to say to where, and with which keys, all at once", async () => {
  const deployed = deployStack("dev", { config: { "catchup:enabled": "true" } });
  expect(await problemsOf(deployed)).toEqual([
    "catchup:apiKey is missing, and catchup:enabled is true: run `pulumi config set --secret catchup:apiKey`",
    "catchup:pineconeApiKey is missing, and catchup:sink is pinecone: run `pulumi config set --secret catchup:pineconeApiKey`",
    "catchup:pineconeHost is missing, and catchup:sink is pinecone: run `pulumi config set catchup:pineconeHost`",
  ]);
});

test("each sink asks for what it needs, and a vector bucket for nothing", async () => {
  const config = { "catchup:enabled": "true" };
  const deployed = (sink: string) =>
    deployStack("dev", {
      config: { ...config, "catchup:sink": sink },
      secrets: { ...secrets, "catchup:apiKey": apiKeys["catchup:apiKey"] },
    });
  expect(await problemsOf(deployed("s3vectors"))).toEqual([]);
  expect(await problemsOf(deployed("chroma"))).toEqual([
    "catchup:chromaUrl is missing, and catchup:sink is chroma: run `pulumi config set catchup:chromaUrl`",
  ]);
});

test("one that does not needs none of it", async () => {
  expect(await problemsOf(deployStack("dev"))).toEqual([]);
});

test("Metabase's address and key go together", async () => {
  const { "catchup:metabaseApiKey": _, ...others } = apiKeys;
  const config = {
    "catchup:enabled": "true",
    "catchup:pineconeHost": "https://records.example",
    "catchup:metabaseUrl": "https://metabase.example",
  };
  const problem = "catchup:metabaseUrl and catchup:metabaseApiKey go together: set both or neither";
  expect(await problemsOf(deployStack("dev", { config, secrets: others }))).toEqual([problem]);
  const { "catchup:metabaseUrl": __, ...noAddress } = config;
  expect(await problemsOf(deployStack("dev", { config: noAddress, secrets: apiKeys }))).toEqual([problem]);
});

test.each([
  ["plain http to Pinecone", { "catchup:pineconeHost": "http://records.example" }],
  ["plain http to Metabase", { "catchup:metabaseUrl": "http://metabase.example" }],
  [
    "plain http to a host whose name only begins like this machine",
    { "catchup:pineconeHost": "http://127.0.0.1.example" },
  ],
  ["an address that is none", { "catchup:pineconeHost": "records.example" }],
  ["a namespace with the sign that parts ids", { "catchup:namespace": "a#b" }],
  ["a batch that Pinecone does not take", { "catchup:batchSize": "1001" }],
  ["a namespace with a blank", { "catchup:namespace": "v 2" }],
  ["a type that there is not", { "catchup:columnTypes": '["zip=text"]' }],
  ["a price that is none", { "catchup:usdPerMillionTokens": "cheap" }],
  ["a model without its dimensions", { "catchup:models": '["text-embedding-3-large@0.13"]' }],
  ["a model without its price", { "catchup:models": '["text-embedding-3-large=3072"]' }],
  ["a model that is named twice", { "catchup:models": '["a=1@1", "a=2@1"]' }],
  ["the stack's model among further ones", { "catchup:models": '["text-embedding-3-small=1536@0.02"]' }],
  ["tasks that expire at once", { "catchup:taskDays": "0" }],
])("%s is refused with one problem", async (_, settings) => {
  expect(await problemsOf(deployCatchUp(settings))).toHaveLength(1);
});

test.each(["http://127.0.0.1:4569/hosts/records", "http://localhost:4569", "http://[::1]:4569"])(
  "plain http is for this machine alone: %s",
  async (pineconeHost) => {
    expect(await problemsOf(deployCatchUp({ "catchup:pineconeHost": pineconeHost }))).toEqual([]);
  },
);

test("F24: the callers' key in plain text is refused, and its value is not repeated", async () => {
  const [problem, ...others] = await problemsOf(
    deployStack("dev", { config: { "catchup:apiKey": "a-key-in-plain-text-for-all" }, secrets }),
  );
  expect(problem).toMatch(/^catchup:apiKey is stored in plain text/);
  expect(problem).not.toContain("a-key-in-plain-text-for-all");
  expect(others).toEqual([]);
});
