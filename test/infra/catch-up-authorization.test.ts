import { ConfigurationInvalidError } from "../../infra/settings/read-all.ts";
import { deployCatchUp } from "./support/catch-up-stack.ts";
import { type Deployment, ofType } from "./support/deploy.ts";

const name = "vectorkeep-dev-catch-up-api";
const execution = `arn:apigateway:${name}/execute`;
const signed = { "catchup:authorization": "key-and-iam" };
const cidrs = { "catchup:allowedCidrs": '["203.0.113.0/24","198.51.100.7/32"]' };
const browsers = { "catchup:corsOrigins": '["https://app.example.com"]' };

interface PolicyStatement {
  readonly Effect: string;
  readonly Principal: unknown;
  readonly Resource: readonly string[];
  readonly Condition?: unknown;
}

function methodsOf(stack: Deployment) {
  const methods = [...ofType(stack, "aws:apigateway/method:Method")];
  return methods.filter(([own]) => own.startsWith(name));
}

function statementsOf(stack: Deployment): PolicyStatement[] {
  const { policy } = ofType(stack, "aws:apigateway/restApiPolicy:RestApiPolicy").get(name) ?? {};
  return policy === undefined ? [] : JSON.parse(String(policy)).Statement;
}

test("by default only the key is required, from any address, and the outputs say so", async () => {
  const stack = await deployCatchUp();
  expect(methodsOf(stack).every(([, { authorization }]) => authorization === "NONE")).toBe(true);
  expect(statementsOf(stack)).toEqual([]);
  expect(stack.outputs.catchUp).toMatchObject({ authorization: "key" });
});

test("a signature is asked for beside the key, but of the health check and of preflights, which cannot sign", async () => {
  const stack = await deployCatchUp({ ...signed, ...browsers });
  for (const [own, { authorization, apiKeyRequired }] of methodsOf(stack)) {
    const isOpen = /-(get-health|options-[a-z-]+)$/.test(own);
    expect([own, authorization, apiKeyRequired]).toEqual([own, isOpen ? "NONE" : "AWS_IAM", !isOpen]);
  }
  expect(statementsOf(stack)).toEqual([]);
  expect(stack.outputs.catchUp).toMatchObject({ authorization: "key-and-iam" });
});

test("addresses out of the ranges are denied every route, whatever else lets them in", async () => {
  const stack = await deployCatchUp(cidrs);
  expect(statementsOf(stack)).toEqual([
    expect.objectContaining({ Effect: "Allow", Principal: "*", Resource: [`${execution}/*`] }),
    {
      Effect: "Deny",
      Principal: "*",
      Action: "execute-api:Invoke",
      Resource: [`${execution}/*`],
      Condition: { NotIpAddress: { "aws:SourceIp": ["203.0.113.0/24", "198.51.100.7/32"] } },
    },
  ]);
});

test("where callers sign, the policy lets everybody in by the open routes alone, and accounts that are named", async () => {
  const stack = await deployCatchUp({ ...signed, "catchup:allowedAccounts": '["123456789012"]' });
  expect(statementsOf(stack)).toEqual([
    expect.objectContaining({
      Principal: "*",
      Resource: [`${execution}/*/GET/health`, `${execution}/*/OPTIONS/*`],
    }),
    expect.objectContaining({ Effect: "Allow", Principal: { AWS: ["123456789012"] } }),
  ]);
});

test("the stage is deployed again when the policy changes, and after it", async () => {
  const [before, after] = [await deployCatchUp(), await deployCatchUp(cidrs)];
  const triggersOf = (stack: Deployment) =>
    ofType(stack, "aws:apigateway/deployment:Deployment").get(name)?.triggers;
  expect(triggersOf(after)).not.toEqual(triggersOf(before));
  const start = after.events.indexOf(`start aws:apigateway/deployment:Deployment ${name}`);
  expect(after.events.slice(0, start)).toContain(`done aws:apigateway/restApiPolicy:RestApiPolicy ${name}`);
});

test.each([
  [
    "an account without a signature",
    { "catchup:allowedAccounts": '["123456789012"]' },
    "needs catchup:authorization key-and-iam",
  ],
  ["no authentication", { "catchup:authorization": "none" }, "must be one of key, key-and-iam"],
  [
    "the whole internet as a range",
    { "catchup:allowedCidrs": '["0.0.0.0/0"]' },
    "must be a list, each an IPv4 range",
  ],
  ["a name as an account", { ...signed, "catchup:allowedAccounts": '["other"]' }, "12 digits"],
])("%s is refused", async (_, settings: Record<string, string>, problem) => {
  const deployed = deployCatchUp(settings);
  await expect(deployed).rejects.toThrow(ConfigurationInvalidError);
  await expect(deployed).rejects.toThrow(problem);
});
