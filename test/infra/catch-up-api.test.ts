import { catchUpRoutes } from "../../contract/catch-up-routes.ts";
import { openApi } from "../../core/catchup/api/openapi.ts";
import { catchUpSecrets, deployCatchUp } from "./support/catch-up-stack.ts";
import { type Deployment, ofType } from "./support/deploy.ts";

const name = "vectorkeep-dev-catch-up-api";

let stack: Deployment;

beforeAll(async () => {
  stack = await deployCatchUp({
    // The search has an API of its own.
    "query:enabled": "false",
    "catchup:requestsPerSecondOfCallers": "7",
    "catchup:burstOfCallers": "9",
    "catchup:requestsPerDay": "1234",
  });
});

function made(type: string): Map<string, Record<string, unknown>> {
  return ofType(stack, `aws:apigateway/${type}`);
}

/** The path of a resource, by way of its parents. */
function pathOf(id: unknown): string {
  if (id === `${name}-root`) return "";
  const resource = made("resource:Resource").get(String(id).replace(/-id$/, ""));
  return `${pathOf(resource?.parentId)}/${resource?.pathPart}`;
}

test("it has the routes of the contract, and no other", () => {
  const methods = [...made("method:Method").values()];
  expect(methods.map(({ httpMethod, resourceId }) => `${httpMethod} ${pathOf(resourceId)}`).sort()).toEqual(
    [...catchUpRoutes].sort(),
  );
});

test("what callers read of the routes is what there is", () => {
  const described = Object.entries(openApi.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(described.sort()).toEqual([...catchUpRoutes].sort());
});

test("every route but the health check needs the key, and goes to the function", () => {
  const integrations = made("integration:Integration");
  for (const [route, { apiKeyRequired, httpMethod, resourceId }] of made("method:Method")) {
    expect([route, apiKeyRequired]).toEqual([route, pathOf(resourceId) !== "/health"]);
    expect(integrations.get(route)).toMatchObject({
      httpMethod,
      resourceId,
      type: "AWS_PROXY",
      integrationHttpMethod: "POST",
      uri: `arn:lambda:${name}/invocations`,
    });
  }
  expect(integrations.size).toBe(made("method:Method").size);
});

test("the key is under the usage plan of the stage, with the limits that are set", () => {
  expect(made("usagePlan:UsagePlan").get(name)).toMatchObject({
    apiStages: [{ apiId: `${name}-id`, stage: "v1" }],
    throttleSettings: { rateLimit: 7, burstLimit: 9 },
    quotaSettings: { limit: 1234, period: "DAY" },
  });
  expect(made("usagePlanKey:UsagePlanKey").get(name)).toEqual({
    keyId: `${name}-id`,
    keyType: "API_KEY",
    usagePlanId: `${name}-id`,
  });
});

test("F24: the value of the key is a Pulumi secret", () => {
  const [key] = stack.resources.filter(({ type }) => type === "aws:apigateway/apiKey:ApiKey");
  expect(key?.inputs.value).toBe(catchUpSecrets["catchup:apiKey"]);
  expect(key?.secretInputs).toEqual(["value"]);
});

test("only this API may invoke the function through API Gateway", () => {
  expect([...ofType(stack, "aws:lambda/permission:Permission")]).toEqual([
    [
      name,
      {
        action: "lambda:InvokeFunction",
        function: name,
        principal: "apigateway.amazonaws.com",
        sourceArn: `arn:apigateway:${name}/execute/*/*`,
      },
    ],
  ]);
});

test("the deployment comes after all that it deploys, and stays the same while that does", async () => {
  const start = stack.events.indexOf(`start aws:apigateway/deployment:Deployment ${name}`);
  const before = stack.events.slice(0, start);
  for (const type of ["method:Method", "integration:Integration"]) {
    for (const own of made(type).keys()) expect(before).toContain(`done aws:apigateway/${type} ${own}`);
  }
  const again = ofType(await deployCatchUp(), "aws:apigateway/deployment:Deployment");
  expect(again.get(name)?.triggers).toEqual(made("deployment:Deployment").get(name)?.triggers);
});

test("the stage is deployed again when routes or the API key requirement change", async () => {
  const { triggers } = made("deployment:Deployment").get(name) ?? {};
  const harms: Record<string, (inputs: Record<string, unknown>) => Record<string, unknown>> = {
    "aws:apigateway/method:Method": (inputs) => ({ ...inputs, apiKeyRequired: false }),
    "aws:apigateway/integration:Integration": (inputs) => ({ ...inputs, uri: "elsewhere" }),
  };
  for (const [type, change] of Object.entries(harms)) {
    const changed = await deployCatchUp({}, { changed: { [type]: change } });
    const deployment = ofType(changed, "aws:apigateway/deployment:Deployment").get(name);
    expect([type, deployment?.triggers]).not.toEqual([type, triggers]);
  }
});

test("the function is given less time than API Gateway waits", () => {
  const api = ofType(stack, "aws:lambda/function:Function").get(name);
  expect(api?.timeout).toBeLessThanOrEqual(29);
});

test("the outputs have its URL without a trailing slash, and the name of its key's secret only", () => {
  expect(stack.outputs.catchUp).toMatchObject({
    url: expect.stringMatching(/[^/]$/),
    apiKeySecret: "vectorkeep-dev-catch-up-api-key",
  });
});
