import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { defaultProvider } from "../../../core/process/machine-credentials.ts";

const names = [
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  "AWS_EC2_METADATA_SERVICE_ENDPOINT",
] as const;
const before = Object.fromEntries(names.map((name) => [name, process.env[name]]));
const token = "token-of-this-session";
let metadata: Server;
let asked: string[];

/** The metadata service of a machine that requires version 2: without a token it answers nothing. */
beforeEach(async () => {
  asked = [];
  const role = "/latest/meta-data/iam/security-credentials/";
  const answers: Record<string, string> = {
    [role]: "bulk-machine",
    [`${role}bulk-machine`]: JSON.stringify({
      AccessKeyId: "of-the-machine",
      SecretAccessKey: "secret",
      Token: "session",
      Expiration: new Date(Date.now() + 3_600_000).toISOString(),
    }),
  };
  metadata = createServer(({ method, url = "", headers }, response) => {
    asked.push(`${method} ${url}`);
    if (method === "PUT" && url === "/latest/api/token") return response.end(token);
    if (headers["x-aws-ec2-metadata-token"] !== token) return response.writeHead(401).end();
    return response.end(answers[url] ?? "");
  }).listen(0, "127.0.0.1");
  await once(metadata, "listening");
  for (const name of names) delete process.env[name];
  process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT = `http://127.0.0.1:${(metadata.address() as AddressInfo).port}`;
});
afterEach(() => {
  metadata.closeAllConnections();
  metadata.close();
  for (const name of names) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
});

test("a process on a machine has the credentials of the machine's role, by version 2 of its metadata", async () => {
  expect(await defaultProvider()()).toMatchObject({ accessKeyId: "of-the-machine", sessionToken: "session" });
  expect(asked[0]).toBe("PUT /latest/api/token");
});

test("one that is given credentials, as the local stack gives them, asks no metadata", async () => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: "given", AWS_SECRET_ACCESS_KEY: "secret" });
  expect(await defaultProvider()()).toMatchObject({ accessKeyId: "given" });
  expect(asked).toEqual([]);
});
