import { addedFunctions } from "../../infra/added-functions.ts";
import { deployCatchUp } from "./support/catch-up-stack.ts";
import { ofType } from "./support/deploy.ts";

test("logs:level is the level of every function and every container", async () => {
  const config = { "logs:level": "WARN", "compaction:host": "ecs" };
  const stack = await deployCatchUp(config, { stack: "prod" });
  const functions = ofType(stack, "aws:lambda/function:Function");
  expect(functions.size).toBe(15 + Object.keys(addedFunctions).length);
  for (const [name, { environment }] of functions) {
    expect([name, environment]).toEqual([
      name,
      { variables: expect.objectContaining({ POWERTOOLS_LOG_LEVEL: "WARN" }) },
    ]);
  }
  const tasks = ofType(stack, "aws:ecs/taskDefinition:TaskDefinition");
  expect([...tasks.keys()].sort()).toEqual(["vectorkeep-prod-compaction-worker", "vectorkeep-prod-query"]);
  for (const [name, { containerDefinitions }] of tasks) {
    const [container] = JSON.parse(String(containerDefinitions));
    expect([name, container.environment]).toEqual([
      name,
      expect.arrayContaining([{ name: "POWERTOOLS_LOG_LEVEL", value: "WARN" }]),
    ]);
  }
});
