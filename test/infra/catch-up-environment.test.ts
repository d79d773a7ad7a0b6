import { deployCatchUp, environmentOf } from "./support/catch-up-stack.ts";

const stem = "vectorkeep-dev-catch-up";
const version = "aws:secretsmanager/secretVersion:SecretVersion";

/** What Lambda takes of all variables together. */
const maxBytes = 4096;

test("environments fit into Lambda's 4 KB, also with long addresses and twenty declared columns", async () => {
  const columns = Array.from({ length: 20 }, (_, index) => `a column of a long name ${index}=string`);
  const stack = await deployCatchUp({
    "catchup:pineconeHost": `https://${"records-".repeat(20)}pinecone.example`,
    "catchup:metabaseUrl": `https://${"questions-".repeat(20)}metabase.example`,
    "catchup:namespace": "n".repeat(200),
    "catchup:columnTypes": JSON.stringify(columns),
    "catchup:models": JSON.stringify([
      "text-embedding-3-large=3072@0.13",
      "text-embedding-ada-002=1536@0.10",
    ]),
  });
  for (const name of ["api", "run", "chunk", "settle", "watch"]) {
    const bytes = Buffer.byteLength(
      Object.entries(environmentOf(stack, `${stem}-${name}`))
        .flat()
        .join(""),
    );
    expect([name, bytes < maxBytes]).toEqual([name, true]);
  }
});

test("every process that accepts or works on tasks knows the models that a request may name", async () => {
  const stack = await deployCatchUp({ "catchup:models": '["text-embedding-3-large=3072@0.13"]' });
  for (const name of ["api", "run", "chunk", "settle"]) {
    const environment = environmentOf(stack, `${stem}-${name}`);
    expect(environment.EMBEDDING_MODEL).toBe("text-embedding-3-small");
    expect(JSON.parse(String(environment.FURTHER_MODELS))).toEqual([
      { model: "text-embedding-3-large", dimensions: 3072, usd_per_million_tokens: 0.13 },
    ]);
  }
});

test("a function comes after the values of all secrets that it reads", async () => {
  const stack = await deployCatchUp({}, { slow: [version] });
  const own = {
    run: ["vectorkeep-dev-embedding-api-key", `${stem}-pinecone-api-key`, `${stem}-metabase-api-key`],
    chunk: ["vectorkeep-dev-embedding-api-key", `${stem}-pinecone-api-key`],
  };
  for (const [name, secrets] of Object.entries(own)) {
    const start = stack.events.indexOf(`start aws:lambda/function:Function ${stem}-${name}`);
    const before = stack.events.slice(0, start);
    for (const secret of secrets) expect(before).toContain(`done ${version} ${secret}`);
  }
});
