import { request } from "node:http";
import type { APIGatewayProxyEvent } from "aws-lambda";
import { eventually, TestAws } from "./local-aws.ts";
import { TestApi } from "./rest-api.ts";

jest.setTimeout(30_000);

let aws: TestAws;
/** Answers its event. */
let echo: Record<string, string>;

beforeAll(async () => {
  aws = await TestAws.start();
  echo = await aws.createFunction("echo", {
    code: "export const handler = async (event) => ({ statusCode: 200, body: JSON.stringify(event) });",
  });
});

afterAll(() => aws.stop());

async function bodyOf(answer: Response): Promise<unknown> {
  return JSON.parse(await answer.text());
}

/** An API with one method, which answers what the code makes of the event. */
async function apiAround(code: string, timeoutMilliseconds = 5000): Promise<string> {
  const name = `f${Math.random().toString(36).slice(2)}`;
  const target = await aws.createFunction(name, { code });
  const api = await TestApi.create(aws, name);
  await api.add({ route: "GET /", function: target, timeoutMilliseconds });
  await api.permit(target);
  return (await api.deploy()).invokeUrl ?? "";
}

describe("the event of a request", () => {
  let url: string;
  let api: TestApi;

  beforeAll(async () => {
    api = await TestApi.create(aws, "events");
    await api.add({ route: "POST /tasks/{id}/cancel", function: echo });
    await api.add({ route: "GET /tasks/recent", function: echo });
    await api.add({ route: "GET /tasks/{id}", function: echo });
    await api.add({ route: "ANY /{proxy+}", function: echo });
    await api.permit(echo);
    url = (await api.deploy({ colour: "blue" })).invokeUrl ?? "";
  });

  async function eventOf(path: string, init: RequestInit = {}): Promise<APIGatewayProxyEvent> {
    const answer = await fetch(`${url}${path}`, init);
    expect(answer.status).toBe(200);
    return (await bodyOf(answer)) as APIGatewayProxyEvent;
  }

  test("has what API Gateway sends to a function: payload format 1.0", async () => {
    const { requestContext, headers, multiValueHeaders, ...event } = await eventOf(
      "/tasks/a%20b/cancel?tag=one&tag=two%20three&empty=",
      {
        method: "POST",
        headers: { "X-Mine": "e", "content-type": "text/plain" },
        body: "ünï",
      },
    );
    expect(event).toEqual({
      resource: "/tasks/{id}/cancel",
      path: "/tasks/a%20b/cancel",
      httpMethod: "POST",
      queryStringParameters: { tag: "two three", empty: "" },
      multiValueQueryStringParameters: { tag: ["one", "two three"], empty: [""] },
      pathParameters: { id: "a%20b" },
      stageVariables: { colour: "blue" },
      body: "ünï",
      isBase64Encoded: false,
    });
    expect(headers).toMatchObject({
      "X-Mine": "e",
      "X-Forwarded-For": "127.0.0.1",
      "X-Forwarded-Proto": "http",
    });
    expect(multiValueHeaders["X-Mine"]).toEqual(["e"]);
    expect(requestContext).toMatchObject({
      apiId: api.id,
      stage: "prod",
      accountId: "000000000000",
      httpMethod: "POST",
      resourcePath: "/tasks/{id}/cancel",
      protocol: "HTTP/1.1",
      identity: { sourceIp: "127.0.0.1", userAgent: "node" },
    });
    expect(requestContext.requestTimeEpoch).toBeGreaterThan(Date.now() - 30_000);
  });

  test("has null where there is nothing", async () => {
    expect(await eventOf("/tasks/recent")).toMatchObject({
      body: null,
      queryStringParameters: null,
      multiValueQueryStringParameters: null,
      pathParameters: null,
    });
  });

  test("has a header that came twice once in headers, and twice in multiValueHeaders", async () => {
    const event = await new Promise<APIGatewayProxyEvent>((resolve, reject) => {
      const call = request(`${url}/tasks/1`, { headers: { "X-Twice": ["a", "b"] } }, async (answer) => {
        const text = (await answer.toArray()).join("");
        resolve(JSON.parse(text));
      });
      call.on("error", reject).end();
    });
    expect([event.headers["X-Twice"], event.multiValueHeaders["X-Twice"]]).toEqual(["b", ["a", "b"]]);
  });

  test("lets the function name its own address, without knowing where it is deployed", async () => {
    const { headers, requestContext, path } = await eventOf("/tasks/1");
    const base = requestContext.path.slice(0, -path.length);
    expect(`${headers["X-Forwarded-Proto"]}://${requestContext.domainName}${base}`).toBe(url);
  });

  test.each([
    ["GET", "/tasks/recent", "/tasks/recent"],
    ["GET", "/tasks/recent/", "/tasks/recent"],
    ["GET", "/tasks/other", "/tasks/{id}"],
    ["DELETE", "/elsewhere/and/further", "/{proxy+}"],
  ])("comes from the resource that fits best: %s %s from %s", async (method, path, resource) => {
    expect((await eventOf(path, { method })).resource).toBe(resource);
  });

  test.each([
    ["a method that the resource does not have", "/tasks/1", "PUT"],
    ["a path that no resource has", "", "GET"],
    ["a stage that the API does not have", "/../../other/_user_request_/tasks/1", "GET"],
  ])("is not sent for %s: 403 Missing Authentication Token", async (_, path, method) => {
    const answer = await fetch(`${url}${path}`, { method });
    expect([answer.status, await bodyOf(answer)]).toEqual([403, { message: "Missing Authentication Token" }]);
    expect(answer.headers.get("x-amzn-errortype")).toBe("MissingAuthenticationTokenException");
  });

  test("a request carries its id to the function and back", async () => {
    const answer = await fetch(`${url}/tasks/1`);
    const { requestContext } = (await bodyOf(answer)) as APIGatewayProxyEvent;
    expect(answer.headers.get("x-amzn-requestid")).toBe(requestContext.requestId);
  });
});

describe("a function's answer", () => {
  test("is the caller's, with its status and headers", async () => {
    const url = await apiAround(`export const handler = async () => ({
      statusCode: 202, headers: { "Content-Type": "text/csv", "X-Count": 3 },
      multiValueHeaders: { "Set-Cookie": ["a=1", "b=2"] }, body: "id\\n1" });`);
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([202, "id\n1"]);
    expect(answer.headers.get("content-type")).toBe("text/csv");
    expect(answer.headers.get("x-count")).toBe("3");
    expect(answer.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  });

  test("may be a status alone", async () => {
    const answer = await fetch(await apiAround("export const handler = async () => ({ statusCode: 204 });"));
    expect([answer.status, await answer.text()]).toEqual([204, ""]);
  });

  test.each([
    ["has no status", "({ body: '{}' })"],
    ["has a body that is an object", "({ statusCode: 200, body: { a: 1 } })"],
    ["has a field of the other payload format", "({ statusCode: 200, body: '', cookies: [] })"],
    ["is a text", "'done'"],
    ["is nothing", "undefined"],
    ["is an error", "{ throw new Error('x'); }"],
  ])("that %s is a 502", async (_, answerCode) => {
    const answer = await fetch(await apiAround(`export const handler = async () => ${answerCode};`));
    expect([answer.status, await bodyOf(answer)]).toEqual([502, { message: "Internal server error" }]);
  });

  test("that comes too late is a 504", async () => {
    const url = await apiAround(
      "export const handler = () => new Promise(() => setTimeout(() => {}, 1e5));",
      300,
    );
    const answer = await fetch(url);
    expect([answer.status, await bodyOf(answer)]).toEqual([504, { message: "Endpoint request timed out" }]);
  });
});

describe("an API key", () => {
  let api: TestApi;
  let url: string;

  beforeAll(async () => {
    api = await TestApi.create(aws, "keys");
    await api.add({ route: "GET /open", function: echo });
    await api.add({ route: "GET /closed", function: echo, apiKeyRequired: true });
    await api.permit(echo);
    url = (await api.deploy()).invokeUrl ?? "";
  });

  const call = (key: string, path = "/closed") => fetch(`${url}${path}`, { headers: { "x-api-key": key } });

  test("is required by the methods that declare it", async () => {
    const key = await api.addKey("asked", {});
    for (const answer of [await fetch(`${url}/closed`), await call("another-key-of-twenty-letters")]) {
      expect([answer.status, await bodyOf(answer)]).toEqual([403, { message: "Forbidden" }]);
    }
    expect((await fetch(`${url}/open`)).status).toBe(200);
    const answer = await call(key);
    expect(answer.status).toBe(200);
    const { identity } = ((await bodyOf(answer)) as APIGatewayProxyEvent).requestContext;
    expect(identity.apiKey).toBe(key);
  });

  test("opens nothing without a usage plan of the stage", async () => {
    const value = "a-key-without-any-usage-plan";
    await aws.create("aws:apigateway/apiKey:ApiKey", "loose", { value });
    expect((await call(value)).status).toBe(403);
  });

  test("that is switched off opens nothing", async () => {
    const value = "a-key-that-is-switched-off";
    const { id } = await aws.create("aws:apigateway/apiKey:ApiKey", "off", { value, enabled: false });
    const plan = await aws.create("aws:apigateway/usagePlan:UsagePlan", "off", {
      apiStages: [{ apiId: api.id, stage: "prod" }],
    });
    const inputs = { keyId: id, keyType: "API_KEY", usagePlanId: plan.id };
    await aws.create("aws:apigateway/usagePlanKey:UsagePlanKey", "off", inputs);
    expect((await call(value)).status).toBe(403);
  });

  test("is throttled when its bucket is empty, alone, until the bucket fills", async () => {
    const throttleSettings = { rateLimit: 2, burstLimit: 3 };
    const key = await api.addKey("throttled", { throttleSettings });
    const other = await api.addKey("calm", { throttleSettings });
    const answers = await Promise.all(Array.from({ length: 6 }, () => call(key)));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(2);
    expect(await bodyOf(refused[0] as Response)).toEqual({ message: "Too Many Requests" });
    expect((await call(other)).status).toBe(200);
    await eventually(async () => expect((await call(key)).status).toBe(200));
  });

  test("ends with its quota", async () => {
    const key = await api.addKey("few", { quotaSettings: { limit: 2, period: "DAY" } });
    const statuses = [(await call(key)).status, (await call(key)).status];
    const third = await call(key);
    expect([...statuses, third.status]).toEqual([200, 200, 429]);
    expect(await bodyOf(third)).toEqual({ message: "Limit Exceeded" });
  });

  test("is made up where none is given, and is the resource's output", async () => {
    const { value } = await aws.create("aws:apigateway/apiKey:ApiKey", "made up");
    expect(value).toMatch(/^\w{20,128}$/);
  });
});

test("a method's throttle holds for callers without a key", async () => {
  const api = await TestApi.create(aws, "stage-throttle");
  await api.add({ route: "GET /slow", function: echo });
  await api.add({ route: "GET /free", function: echo });
  await api.permit(echo);
  const { invokeUrl } = await api.deploy();
  await aws.create("aws:apigateway/methodSettings:MethodSettings", "m", {
    restApi: api.id,
    stageName: "prod",
    methodPath: "slow/GET",
    settings: { throttlingRateLimit: 0.1, throttlingBurstLimit: 1 },
  });
  const statuses = [];
  for (const path of ["/slow", "/slow", "/free"]) statuses.push((await fetch(`${invokeUrl}${path}`)).status);
  expect(statuses).toEqual([200, 429, 200]);
});

describe("a refusal of the gateway itself", () => {
  test("has the headers that were declared for it before the deployment, as the function's answers do not", async () => {
    const api = await TestApi.create(aws, "refusals");
    await api.add({ route: "GET /closed", function: echo, apiKeyRequired: true });
    await api.add({ route: "GET /open", function: echo });
    await api.respond("DEFAULT_4XX", { "Access-Control-Allow-Origin": "https://app.example.com" });
    const { invokeUrl } = await api.deploy();
    await api.respond("DEFAULT_5XX", { "Access-Control-Allow-Origin": "https://late.example.com" });
    const originOf = async (path: string) => {
      const answer = await fetch(`${invokeUrl}${path}`);
      return [answer.status, answer.headers.get("access-control-allow-origin")];
    };
    expect(await originOf("/closed")).toEqual([403, "https://app.example.com"]);
    expect(await originOf("/nowhere")).toEqual([403, "https://app.example.com"]);
    // The function may not be invoked: the answer to 5XX was declared too late to be deployed.
    expect(await originOf("/open")).toEqual([500, null]);
    await api.permit(echo);
    expect(await originOf("/open")).toEqual([200, null]);
  });

  test("takes no header that has to be made of the request", async () => {
    const api = await TestApi.create(aws, "mapped");
    await expect(
      aws.create("aws:apigateway/response:Response", "r", {
        restApiId: api.id,
        responseType: "DEFAULT_4XX",
        responseParameters: { "gatewayresponse.header.X": "method.request.header.Origin" },
      }),
    ).rejects.toThrow("is no text in single quotes");
  });
});

describe("a function without the permission", () => {
  test("is not invoked: 500, and the stack's problems have the reason", async () => {
    const target = await aws.createFunction("unpermitted", {
      code: "export const handler = async () => ({ statusCode: 200 });",
    });
    const api = await TestApi.create(aws, "unpermitted");
    await api.add({ route: "GET /a/{id}", function: target });
    await api.add({ route: "POST /a/{id}", function: target });
    await api.permit(target, `${api.executionArn}/*/POST/a/*`);
    const { invokeUrl } = await api.deploy();
    const refused = await fetch(`${invokeUrl}/a/1`);
    expect([refused.status, await bodyOf(refused)]).toEqual([500, { message: "Internal server error" }]);
    expect((await fetch(`${invokeUrl}/a/1`, { method: "POST" })).status).toBe(200);
    expect(await aws.problems()).toContainEqual(
      expect.stringMatching(/Invalid permissions on Lambda function unpermitted.*prod\/GET\/a\/\*/),
    );
  });

  test("cannot be made up for by another principal's", async () => {
    const target = await aws.createFunction("for-s3", {
      code: "export const handler = async () => ({ statusCode: 200 });",
    });
    const api = await TestApi.create(aws, "for-s3");
    await api.add({ route: "GET /", function: target });
    await aws.create("aws:lambda/permission:Permission", "s3", {
      action: "lambda:InvokeFunction",
      function: target.name,
      principal: "s3.amazonaws.com",
    });
    expect((await fetch((await api.deploy()).invokeUrl ?? "")).status).toBe(500);
  });
});

test("a function that is throttled is a 500, as on AWS", async () => {
  const target = await aws.createFunction("busy", {
    code: "export const handler = async () => ({ statusCode: 200 });",
    inputs: { reservedConcurrentExecutions: 0 },
  });
  const api = await TestApi.create(aws, "busy");
  await api.add({ route: "GET /", function: target });
  await api.permit(target);
  expect((await fetch((await api.deploy()).invokeUrl ?? "")).status).toBe(500);
});

describe("a deployment", () => {
  test("is a picture: what is declared after it is not served", async () => {
    const api = await TestApi.create(aws, "picture");
    await api.add({ route: "GET /before", function: echo });
    await api.permit(echo);
    const { invokeUrl } = await api.deploy();
    await api.add({ route: "GET /after", function: echo });
    await api.add({ route: "POST /before", function: echo });
    expect((await fetch(`${invokeUrl}/before`)).status).toBe(200);
    expect((await fetch(`${invokeUrl}/after`)).status).toBe(403);
    expect((await fetch(`${invokeUrl}/before`, { method: "POST" })).status).toBe(403);
  });

  test("of an API without methods, or with a method without integration, is refused", async () => {
    const api = await aws.create("aws:apigateway/restApi:RestApi", "hasty");
    const deploy = () => aws.create("aws:apigateway/deployment:Deployment", "d", { restApi: api.id });
    await expect(deploy()).rejects.toThrow("The REST API doesn't contain any methods");
    await aws.create("aws:apigateway/method:Method", "m", {
      restApi: api.id,
      resourceId: api.rootResourceId,
      httpMethod: "GET",
      authorization: "NONE",
    });
    await expect(deploy()).rejects.toThrow("No integration defined for method GET /");
  });
});
