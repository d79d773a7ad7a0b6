import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { readSecret } from "../../../core/settings/secret.ts";

const secrets = new Map([
  ["good", "sk-good"],
  ["blank", "  "],
]);
let manager: Server;

beforeAll(async () => {
  manager = createServer(async (request, response) => {
    const { SecretId } = (await json(request)) as { SecretId: string };
    const SecretString = secrets.get(SecretId);
    const missing = { __type: "ResourceNotFoundException", message: "There is no such secret." };
    response.writeHead(SecretString === undefined ? 400 : 200, {
      "content-type": "application/x-amz-json-1.1",
    });
    response.end(JSON.stringify(SecretString === undefined ? missing : { Name: SecretId, SecretString }));
  });
  await new Promise<void>((resolve) => manager.listen(0, "127.0.0.1", resolve));
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(manager.address() as AddressInfo).port}`,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
  });
});

afterAll(() => {
  manager.closeAllConnections();
  return new Promise((resolve) => manager.close(resolve));
});

test("a secret is read by its name", async () => {
  expect(await readSecret("good", "embedding:apiKey")).toBe("sk-good");
});

test.each(["absent", "blank"])("a secret that is %s is named, with the setting to set", async (name) => {
  await expect(readSecret(name, "embedding:apiKey")).rejects.toMatchObject({
    name: "SecretMissingError",
    message: `The secret ${name} has no value that this process can read. Set it with \`pulumi config set --secret embedding:apiKey\` and deploy again.`,
  });
});
