import { ofType } from "./support/deploy.ts";
import { deployStack } from "./support/stacks.ts";

test("what asks for vectors by their own numbers goes the way of the deployed search", async () => {
  const stack = await deployStack("prod", { config: { "query:exactVectors": "12345" } });
  const task = ofType(stack, "aws:ecs/taskDefinition:TaskDefinition").get("vectorkeep-prod-query");
  const [container] = JSON.parse(String(task?.containerDefinitions));
  expect(container.environment).toContainEqual({ name: "QUERY_EXACT_VECTORS", value: "12345" });
  const verify = ofType(stack, "aws:lambda/function:Function").get("vectorkeep-prod-verify");
  expect(verify?.environment).toMatchObject({ variables: { QUERY_EXACT_VECTORS: "12345" } });
});

test("a stack without a query server asks as one would that is deployed with its settings", async () => {
  const stack = await deployStack("dev");
  const verify = ofType(stack, "aws:lambda/function:Function").get("vectorkeep-dev-verify");
  expect(verify?.environment).toMatchObject({ variables: { QUERY_EXACT_VECTORS: "50000" } });
});
