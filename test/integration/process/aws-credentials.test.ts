import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { defaultProvider } from "../../../core/process/aws-credentials.ts";

const before = { ...process.env };
const server = createServer((request, response) => {
  const isAllowed = request.headers.authorization === "token of the task";
  response.statusCode = isAllowed ? 200 : 403;
  response.setHeader("content-type", "application/json");
  response.end(
    JSON.stringify({
      AccessKeyId: "served",
      SecretAccessKey: "secret",
      Token: "session",
      Expiration: "2026-11-30T12:00:00Z",
    }),
  );
});
let url: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/credentials`;
});
afterAll(() => server.close());
beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
});
afterEach(() => {
  process.env = { ...before };
});

test("the credentials of a function are its variables", async () => {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: "set",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_SESSION_TOKEN: "session",
    AWS_CONTAINER_CREDENTIALS_FULL_URI: url,
  });
  expect(await defaultProvider()()).toMatchObject({
    accessKeyId: "set",
    secretAccessKey: "secret",
    sessionToken: "session",
  });
});

test("the credentials of a container are those that its host serves", async () => {
  Object.assign(process.env, {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: url,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: "token of the task",
  });
  expect(await defaultProvider()()).toMatchObject({
    accessKeyId: "served",
    expiration: new Date("2026-11-30T12:00:00Z"),
  });
});

test("a process without credentials says so", async () => {
  await expect(defaultProvider()()).rejects.toThrow(/environment variable credentials/);
});
