import type { APIGatewayProxyEvent } from "aws-lambda";
import { requestSigner } from "../../cli/request-signer.ts";
import { TestAws } from "./local-aws.ts";
import { TestApi } from "./rest-api.ts";

jest.setTimeout(60_000);

const before = { ...process.env };
let aws: TestAws;
let echo: Record<string, string>;

beforeAll(async () => {
  aws = await TestAws.start();
  echo = await aws.createFunction("echo", {
    code: "export const handler = async (event) => ({ statusCode: 200, body: JSON.stringify(event) });",
  });
});

afterAll(async () => {
  process.env = before;
  await aws.stop();
});

/** What the SDK of a process with these credentials signs with. */
function signAs(accessKeyId: string, secret = accessKeyId) {
  Object.assign(process.env, {
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secret,
  });
  return requestSigner();
}

interface Sent {
  readonly method?: string;
  readonly body?: string;
  readonly changed?: { readonly url?: string; readonly body?: string };
}

async function call(url: string, sign = signAs("local"), { method = "GET", body, changed }: Sent = {}) {
  const headers = await sign({ method, url: new URL(url), headers: { "x-mine": "a  b" }, body });
  const sent = changed?.body ?? body;
  const answer = await fetch(changed?.url ?? url, {
    method,
    headers,
    ...(sent !== undefined && { body: sent }),
  });
  return {
    status: answer.status,
    type: answer.headers.get("x-amzn-errortype"),
    body: (await answer.json()) as APIGatewayProxyEvent,
  };
}

describe("a method with AWS_IAM", () => {
  let url: string;

  beforeAll(async () => {
    const api = await TestApi.create(aws, "signed");
    for (const route of ["GET /tasks", "POST /tasks/{id}/cancel"])
      await api.add({ route, function: echo, authorization: "AWS_IAM" });
    await api.permit(echo);
    url = (await api.deploy()).invokeUrl ?? "";
  });

  test("accepts requests that the SDK's signer signed, and passes the principal to the function", async () => {
    const { status, body } = await call(`${url}/tasks?cursor=a%2Fb%3D&limit=2`);
    expect([status, body.requestContext.identity.userArn]).toEqual([
      200,
      "arn:aws:iam::000000000000:user/local",
    ]);
    const posted = await call(`${url}/tasks/task-1/cancel`, signAs("local"), {
      method: "POST",
      body: '{"a":"ü"}',
    });
    expect([posted.status, posted.body.body]).toEqual([200, '{"a":"ü"}']);
  });

  test("requires a signature over the request by a known caller", async () => {
    const unsigned = await fetch(`${url}/tasks`);
    expect([unsigned.status, await unsigned.json()]).toEqual([
      403,
      { message: "Missing Authentication Token" },
    ]);
    expect(await call(`${url}/tasks`, signAs("nobody"))).toMatchObject({
      status: 403,
      type: "UnrecognizedClientException",
    });
    const forged = { status: 403, type: "InvalidSignatureException" };
    expect(await call(`${url}/tasks`, signAs("local", "another-secret"))).toMatchObject(forged);
    const post = { method: "POST", body: "{}" };
    const [other, elsewhere] = [{ body: '{"b":1}' }, { url: `${url}/tasks/task-2/cancel` }];
    for (const changed of [other, elsewhere]) {
      const sent = { ...post, changed };
      expect(await call(`${url}/tasks/task-1/cancel`, signAs("local"), sent)).toMatchObject(forged);
    }
  });
});

describe("the policy of an API", () => {
  const everybody = { Principal: "*", Action: "execute-api:Invoke" };

  async function apiWith(name: string, statements: (arn: string) => object[]): Promise<string> {
    const api = await TestApi.create(aws, name);
    await api.add({ route: "GET /tasks", function: echo });
    await api.add({ route: "GET /health", function: echo });
    await api.add({ route: "GET /signed", function: echo, authorization: "AWS_IAM" });
    await api.permit(echo);
    await api.setPolicy(...statements(api.executionArn));
    return (await api.deploy()).invokeUrl ?? "";
  }

  const from = (Resource: string, ...ranges: string[]) => [
    { Effect: "Allow", ...everybody, Resource },
    { Effect: "Deny", ...everybody, Resource, Condition: { NotIpAddress: { "aws:SourceIp": ranges } } },
  ];

  test("allows addresses of its ranges", async () => {
    const url = await apiWith("near", (arn) => from(`${arn}/*`, "10.0.0.0/8", "127.0.0.0/8"));
    expect((await fetch(`${url}/tasks`)).status).toBe(200);
  });

  test("denies all others, signed or not, with the reason", async () => {
    const url = await apiWith("far", (arn) => from(`${arn}/*`, "203.0.113.0/24"));
    const denied = await fetch(`${url}/tasks`);
    expect([denied.status, ((await denied.json()) as { message: string }).message]).toEqual([
      403,
      expect.stringMatching(/^User: anonymous is not authorized .*\/prod\/GET\/tasks with an explicit deny$/),
    ]);
    expect(await call(`${url}/signed`)).toMatchObject({ status: 403, type: "AccessDeniedException" });
  });

  test("that allows one route allows no other, except for signed callers with a permission", async () => {
    const url = await apiWith("health", (arn) => [
      { Effect: "Allow", ...everybody, Resource: `${arn}/*/GET/health` },
      { Effect: "Allow", ...everybody, Principal: { AWS: ["123456789012"] }, Resource: `${arn}/*` },
    ]);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect((await fetch(`${url}/tasks`)).status).toBe(403);
    expect((await call(`${url}/signed`)).status).toBe(200);
  });
});
