import { catchUpConfig, catchUpSecrets, deployCatchUp, environmentOf } from "./support/catch-up-stack.ts";
import { type Deployment, ofType } from "./support/deploy.ts";
import { permissionsOf } from "./support/policies.ts";
import { deployStack, secrets } from "./support/stacks.ts";

const stem = "vectorkeep-dev-catch-up";
const secretType = "aws:secretsmanager/secret:Secret";

function sinkOf(stack: Deployment, name: string): Record<string, string> {
  const all = Object.entries(environmentOf(stack, name));
  return Object.fromEntries(all.filter(([variable]) => variable.startsWith("SINK")));
}

describe("s3vectors", () => {
  let stack: Deployment;
  beforeAll(async () => {
    const { "catchup:pineconeApiKey": _, ...keys } = catchUpSecrets;
    const { "catchup:pineconeHost": __, ...config } = catchUpConfig;
    stack = await deployStack("dev", {
      config: { ...config, "catchup:sink": "s3vectors" },
      secrets: { ...secrets, ...keys },
    });
  });

  test("is a vector bucket of the stack, named in the environment, and no secret", () => {
    const buckets = ofType(stack, "aws:s3/vectorsVectorBucket:VectorsVectorBucket");
    expect([...buckets.values()]).toMatchObject([{ vectorBucketName: `${stem}-vectors` }]);
    for (const name of ["chunk", "run"]) {
      expect(sinkOf(stack, `${stem}-${name}`)).toEqual({
        SINK: "s3vectors",
        SINK_PLACE: `${stem}-vectors`,
        SINK_API_KEY_SECRET: "",
      });
    }
    expect([...ofType(stack, secretType).keys()].filter((name) => name.includes("pinecone"))).toEqual([]);
  });

  test("is written under the ARN of its bucket alone, by what works on chunks", () => {
    const arn = `arn:s3:${stem}-vectors`;
    const ofVectors = (name: string) =>
      permissionsOf(stack, `${stem}-${name}`).filter((one) => one.startsWith("s3vectors:"));
    expect(ofVectors("chunk")).toEqual([
      `s3vectors:CreateIndex ${arn}/index/*`,
      `s3vectors:GetIndex ${arn}/index/*`,
      `s3vectors:GetVectorBucket ${arn}`,
      `s3vectors:GetVectors ${arn}/index/*`,
      `s3vectors:PutVectors ${arn}/index/*`,
    ]);
    expect(ofVectors("run")).toEqual(ofVectors("chunk"));
    expect(["api", "settle", "watch"].flatMap(ofVectors)).toEqual([]);
  });
});

describe("chroma", () => {
  const chroma = { "catchup:sink": "chroma", "catchup:chromaUrl": "https://chroma.example/" };

  test("is the URL of its database, and its key a secret that only what works on chunks reads", async () => {
    const stack = await deployCatchUp(
      { ...chroma, "catchup:chromaDatabase": "acme/records" },
      { secrets: { "catchup:chromaApiKey": "chroma-key-known-only-here" } },
    );
    expect(sinkOf(stack, `${stem}-chunk`)).toEqual({
      SINK: "chroma",
      SINK_PLACE: "https://chroma.example/api/v2/tenants/acme/databases/records",
      SINK_API_KEY_SECRET: `${stem}-chroma-api-key`,
    });
    expect(permissionsOf(stack, `${stem}-chunk`).filter((one) => one.includes("chroma"))).toEqual([
      `secretsmanager:GetSecretValue arn:secretsmanager:${stem}-chroma-api-key`,
    ]);
    expect(permissionsOf(stack, `${stem}-settle`).filter((one) => one.includes("chroma"))).toEqual([]);
  });

  test("needs no key where the server asks for none", async () => {
    const stack = await deployCatchUp(chroma);
    expect(sinkOf(stack, `${stem}-chunk`)).toMatchObject({ SINK_API_KEY_SECRET: "" });
    expect([...ofType(stack, secretType).keys()].filter((name) => /pinecone|chroma/.test(name))).toEqual([]);
  });
});
