import { type Deployment, ofType } from "./support/deploy.ts";
import { deployStack, secrets } from "./support/stacks.ts";

let stack: Deployment;

beforeAll(async () => {
  stack = await deployStack("prod");
});

test("F24: a secret's value stands in its secret version and nowhere else", () => {
  const holders = stack.resources
    .filter(({ inputs }) => Object.values(secrets).some((value) => JSON.stringify(inputs).includes(value)))
    .map(({ type, name, secretInputs }) => ({ type, name, secretInputs }));
  expect(holders).toEqual(
    ["vectorkeep-prod-embedding-api-key", "vectorkeep-prod-search-api-key"].map((name) => ({
      type: "aws:secretsmanager/secretVersion:SecretVersion",
      name,
      secretInputs: ["secretString"],
    })),
  );
  for (const value of Object.values(secrets)) expect(JSON.stringify(stack.outputs)).not.toContain(value);
});

test("F24: processes get the names of their secrets", () => {
  const embed = ofType(stack, "aws:lambda/function:Function").get("vectorkeep-prod-embed");
  expect(embed?.environment).toMatchObject({
    variables: { EMBEDDING_API_KEY_SECRET: "vectorkeep-prod-embedding-api-key" },
  });
  const task = ofType(stack, "aws:ecs/taskDefinition:TaskDefinition").get("vectorkeep-prod-query");
  const [container] = JSON.parse(String(task?.containerDefinitions));
  expect(container.environment).toEqual(
    expect.arrayContaining([
      { name: "EMBEDDING_API_KEY_SECRET", value: "vectorkeep-prod-embedding-api-key" },
      { name: "SEARCH_API_KEY_SECRET", value: "vectorkeep-prod-search-api-key" },
    ]),
  );
});
