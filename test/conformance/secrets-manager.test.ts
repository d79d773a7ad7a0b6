import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { type LocalServices, startLocalServices } from "./local-services.ts";

let services: LocalServices;
let secrets: SecretsManagerClient;

beforeAll(async () => {
  services = await startLocalServices();
  secrets = new SecretsManagerClient(services.client());
});
afterAll(async () => {
  secrets.destroy();
  await services.stop();
});

const read = (SecretId: string | undefined, more = {}) =>
  secrets.send(new GetSecretValueCommand({ SecretId, ...more }));

describe("a secret", () => {
  test("is read by name, by ARN, and by ARN without its random suffix", async () => {
    const { ARN } = await secrets.send(new CreateSecretCommand({ Name: "stack/key", SecretString: "value" }));
    expect(ARN).toMatch(/^arn:aws:secretsmanager:us-east-1:000000000000:secret:stack\/key-\w{6}$/);
    for (const id of ["stack/key", ARN, ARN?.slice(0, -7)]) {
      expect(await read(id)).toMatchObject({ ARN, Name: "stack/key", SecretString: "value" });
    }
  });

  test("has its new value at once, and its last one under AWSPREVIOUS", async () => {
    await secrets.send(new CreateSecretCommand({ Name: "rotated", SecretString: "old" }));
    await secrets.send(new PutSecretValueCommand({ SecretId: "rotated", SecretString: "new" }));
    expect(await read("rotated")).toMatchObject({ SecretString: "new", VersionStages: ["AWSCURRENT"] });
    expect(await read("rotated", { VersionStage: "AWSPREVIOUS" })).toMatchObject({ SecretString: "old" });
  });

  test("may be bytes", async () => {
    const SecretBinary = Buffer.from([0, 255]);
    await secrets.send(new CreateSecretCommand({ Name: "bytes", SecretBinary }));
    expect(Buffer.from((await read("bytes")).SecretBinary ?? [])).toEqual(SecretBinary);
  });

  test("is described and listed without its value", async () => {
    await secrets.send(
      new CreateSecretCommand({ Name: "quiet", SecretString: "hush", Description: "a secret" }),
    );
    const described = await secrets.send(new DescribeSecretCommand({ SecretId: "quiet" }));
    expect(described).toMatchObject({ Name: "quiet", Description: "a secret" });
    const { SecretList } = await secrets.send(new ListSecretsCommand({}));
    expect(SecretList?.map((secret) => secret.Name)).toContain("quiet");
    expect(JSON.stringify([described, SecretList])).not.toContain("hush");
  });

  test("cannot be created twice; one that is missing or has no value yet is not found", async () => {
    await secrets.send(new CreateSecretCommand({ Name: "empty" }));
    await expect(secrets.send(new CreateSecretCommand({ Name: "empty" }))).rejects.toMatchObject({
      name: "ResourceExistsException",
    });
    await expect(read("empty")).rejects.toMatchObject({ name: "ResourceNotFoundException" });
    await expect(read("absent")).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: "Secrets Manager can't find the specified secret.",
    });
  });
});
