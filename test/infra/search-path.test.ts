import { searchRoutes } from "../../contract/search-routes.ts";
import { ofType } from "./support/deploy.ts";
import { deployStack } from "./support/stacks.ts";

test("what asks for vectors by their own numbers goes the way of the deployed search", async () => {
  const stack = await deployStack("prod", { config: { "query:exactVectors": "12345" } });
  const task = ofType(stack, "aws:ecs/taskDefinition:TaskDefinition").get("vectorkeep-prod-query");
  const [container] = JSON.parse(String(task?.containerDefinitions));
  expect(container.environment).toContainEqual({ name: "QUERY_EXACT_VECTORS", value: "12345" });
  const verify = ofType(stack, "aws:lambda/function:Function").get("vectorkeep-prod-verify");
  expect(verify?.environment).toMatchObject({ variables: { QUERY_EXACT_VECTORS: "12345" } });
  expect(verify?.environment).not.toMatchObject({ variables: { QUERY_MAX_VECTORS: expect.anything() } });
});

test("with search functions it compares every vector, of as many as they open", async () => {
  const stack = await deployStack("dev", {
    config: { "query:exactVectors": "12345", "query:lambdaMaxVectors": "23456" },
  });
  const functions = ofType(stack, "aws:lambda/function:Function");
  expect(functions.get("vectorkeep-dev-search-lines")?.environment).toMatchObject({
    variables: { QUERY_MAX_VECTORS: "23456" },
  });
  expect(functions.get("vectorkeep-dev-verify")?.environment).toMatchObject({
    variables: { QUERY_EXACT_VECTORS: "23456", QUERY_MAX_VECTORS: "23456" },
  });
});

test("with key-and-iam each route asks for a signature beside the key, and the outputs say so", async () => {
  const stack = await deployStack("dev", { config: { "query:authorization": "key-and-iam" } });
  const methods = ofType(stack, "aws:apigateway/method:Method");
  const own = [...methods].filter(([name]) => name.startsWith("vectorkeep-dev-search-api"));
  expect(own).toHaveLength(searchRoutes.length);
  for (const [, method] of own)
    expect(method).toMatchObject({ authorization: "AWS_IAM", apiKeyRequired: true });
  expect(stack.outputs.search).toMatchObject({ authorization: "key-and-iam" });
});

test("the query server, which no gateway stands before, cannot ask for signatures", async () => {
  const deployed = deployStack("prod", {
    config: { "query:host": "ecs", "query:authorization": "key-and-iam" },
  });
  await expect(deployed).rejects.toThrow("query:authorization key-and-iam needs query:host lambda");
});

test("the gateway of the search functions has the routes of the contract, each with the key", async () => {
  const methods = ofType(await deployStack("dev"), "aws:apigateway/method:Method");
  const own = [...methods].filter(([name]) => name.startsWith("vectorkeep-dev-search-api"));
  expect(own.map(([name]) => name.replace("vectorkeep-dev-search-api-", "")).sort()).toEqual(
    searchRoutes
      .map((route) =>
        route
          .toLowerCase()
          .replace(/[^a-z]+/g, "-")
          .replace(/-$/, ""),
      )
      .sort(),
  );
  for (const [, method] of own) expect(method).toMatchObject({ authorization: "NONE", apiKeyRequired: true });
});
