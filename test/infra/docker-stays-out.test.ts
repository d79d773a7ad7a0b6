import { deployStack } from "./support/stacks.ts";

let loaded: boolean;

beforeEach(() => {
  loaded = false;
  jest.resetModules();
});

jest.mock("@pulumi/awsx", () => {
  loaded = true;
  return jest.requireActual("@pulumi/awsx");
});

test("@pulumi/awsx, which needs Docker, is not loaded while no ECS service is on", async () => {
  await deployStack("dev");
  expect(loaded).toBe(false);
});

test.each([
  ["the query service", "prod", {}],
  ["the worker that compacts", "dev", { "compaction:host": "ecs" }],
])("it is loaded where %s is on", async (_, stack, config: Record<string, string>) => {
  await deployStack(stack, { config });
  expect(loaded).toBe(true);
});
