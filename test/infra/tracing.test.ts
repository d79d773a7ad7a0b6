import { deployCatchUp } from "./support/catch-up-stack.ts";
import { ofType } from "./support/deploy.ts";

const endpoint = "http://collector.internal:4318/v1/traces";

test("tracing:enabled traces every function, the APIs and the state machine, which may write traces", async () => {
  const stack = await deployCatchUp({ "tracing:enabled": "true" });
  for (const [name, { tracingConfig }] of ofType(stack, "aws:lambda/function:Function"))
    expect([name, tracingConfig]).toEqual([name, { mode: "Active" }]);
  const policies = ofType(stack, "aws:iam/rolePolicy:RolePolicy");
  for (const name of ofType(stack, "aws:lambda/function:Function").keys())
    expect([name, String(policies.get(name)?.policy)]).toEqual([
      name,
      expect.stringContaining("xray:PutTraceSegments"),
    ]);
  const stages = [...ofType(stack, "aws:apigateway/stage:Stage")];
  const traced = stages.map(([name, { xrayTracingEnabled }]) => [name, xrayTracingEnabled] as const);
  expect(Object.fromEntries(traced)).toEqual({
    "vectorkeep-dev-catch-up-api": true,
    "vectorkeep-dev-search-api": true,
  });
  const [[name, machine] = ["", undefined]] = ofType(stack, "aws:sfn/stateMachine:StateMachine");
  expect(machine?.tracingConfiguration).toEqual({ enabled: true });
  expect(String(policies.get(`${name}-logging`)?.policy)).toContain("xray:PutTraceSegments");
});

test("nothing is traced by default, and nobody may write traces", async () => {
  const stack = await deployCatchUp();
  for (const [name, { tracingConfig, environment }] of ofType(stack, "aws:lambda/function:Function")) {
    const { variables } = environment as { variables: object };
    expect([name, tracingConfig, "TRACING_ENDPOINT" in variables]).toEqual([name, undefined, false]);
  }
  for (const { policy } of ofType(stack, "aws:iam/rolePolicy:RolePolicy").values())
    expect(String(policy)).not.toContain("xray:");
});

test("tracing:endpoint reaches every function and every container", async () => {
  const config = { "tracing:endpoint": endpoint, "compaction:host": "ecs" };
  const stack = await deployCatchUp(config, { stack: "prod" });
  for (const [name, { environment }] of ofType(stack, "aws:lambda/function:Function"))
    expect([name, environment]).toEqual([
      name,
      { variables: expect.objectContaining({ TRACING_ENDPOINT: endpoint }) },
    ]);
  const tasks = ofType(stack, "aws:ecs/taskDefinition:TaskDefinition");
  expect(tasks.size).toBe(2);
  for (const { containerDefinitions } of tasks.values()) {
    const [container] = JSON.parse(String(containerDefinitions));
    expect(container.environment).toContainEqual({ name: "TRACING_ENDPOINT", value: endpoint });
  }
});
