import { catchUpRoutes } from "../../contract/catch-up-routes.ts";
import { ConfigurationInvalidError } from "../../infra/settings/read-all.ts";
import { deployCatchUp, environmentOf } from "./support/catch-up-stack.ts";
import { type Deployment, ofType } from "./support/deploy.ts";

const name = "vectorkeep-dev-catch-up-api";
const one = "https://app.example.com";
const other = "http://localhost:5173";
const refusal = "aws:apigateway/response:Response";

function withOrigins(...origins: string[]): Promise<Deployment> {
  return deployCatchUp({ "catchup:corsOrigins": JSON.stringify(origins) });
}

/** Methods by name, with whether they need a key. */
function preflights(stack: Deployment) {
  return [...ofType(stack, "aws:apigateway/method:Method")].filter(
    ([, { httpMethod }]) => httpMethod === "OPTIONS",
  );
}

test("unless an origin is set, no browser is answered a preflight, and no refusal names an origin", async () => {
  const stack = await deployCatchUp();
  expect(preflights(stack)).toEqual([]);
  expect(ofType(stack, refusal).size).toBe(0);
  expect(environmentOf(stack, name).CORS_ORIGINS).toBe("");
});

test("with one, every path answers its preflight without a key, by way of the function that knows the origins", async () => {
  const stack = await withOrigins(one, other);
  const paths = new Set(catchUpRoutes.map((route) => route.split(" ")[1]));
  const found = preflights(stack);
  expect(found.map(([, { resourceId }]) => resourceId)).toHaveLength(paths.size);
  for (const [method, { apiKeyRequired, authorization }] of found) {
    expect([method, apiKeyRequired, authorization]).toEqual([method, false, "NONE"]);
    const integration = ofType(stack, "aws:apigateway/integration:Integration").get(method);
    expect(integration).toMatchObject({ httpMethod: "OPTIONS", type: "AWS_PROXY" });
  }
  expect(environmentOf(stack, name).CORS_ORIGINS).toBe(`${one},${other}`);
});

test.each([
  ["the one that is set", [one], `'${one}'`],
  ["any, because API Gateway cannot choose between several", [one, other], "'*'"],
])("refusals of API Gateway itself may be read by pages of %s", async (_, origins, allowed) => {
  const refusals = [...ofType(await withOrigins(...origins), refusal).values()];
  expect(refusals.map(({ responseType }) => responseType).sort()).toEqual(["DEFAULT_4XX", "DEFAULT_5XX"]);
  for (const { responseParameters } of refusals) {
    expect(responseParameters).toEqual({ "gatewayresponse.header.Access-Control-Allow-Origin": allowed });
  }
});

test("the stage is deployed again when the origins of refusals change, and after them", async () => {
  const [before, after] = [await withOrigins(one), await withOrigins("https://www.example.com")];
  const triggersOf = (stack: Deployment) =>
    ofType(stack, "aws:apigateway/deployment:Deployment").get(name)?.triggers;
  expect(triggersOf(after)).not.toEqual(triggersOf(before));
  const start = after.events.indexOf(`start aws:apigateway/deployment:Deployment ${name}`);
  for (const own of ofType(after, refusal).keys()) {
    expect(after.events.slice(0, start)).toContain(`done ${refusal} ${own}`);
  }
});

test("what needs no key is throttled like what has one", async () => {
  const stack = await deployCatchUp({
    "catchup:requestsPerSecondOfCallers": "7",
    "catchup:burstOfCallers": "9",
  });
  expect(ofType(stack, "aws:apigateway/methodSettings:MethodSettings").get(name)).toEqual({
    restApi: `${name}-id`,
    stageName: "v1",
    methodPath: "*/*",
    settings: { throttlingRateLimit: 7, throttlingBurstLimit: 9 },
  });
});

test.each([
  ["any origin", "*"],
  ["a page's whole address", "https://app.example.com/page"],
  ["an origin without TLS", "http://app.example.com"],
  ["an origin that no browser sends", "https://App.example.com"],
])("%s is refused: %s", async (_, origin) => {
  await expect(withOrigins(origin)).rejects.toThrow(ConfigurationInvalidError);
  await expect(withOrigins(origin)).rejects.toThrow("catchup:corsOrigins must be a list, each an origin");
});
