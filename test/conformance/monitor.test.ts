import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { findMissing, markMissing } from "../../local/monitor/marks.ts";
import { TestAws } from "./local-aws.ts";

jest.setTimeout(30_000);

let aws: TestAws;

beforeAll(async () => {
  aws = await TestAws.start();
});

afterAll(() => aws.stop());

test("a type of resource that the local AWS does not know is an error that names the resource", async () => {
  await expect(aws.create("aws:kinesis/stream:Stream", "alerts")).rejects.toThrow(
    /The resource alerts \(aws:kinesis\/stream:Stream\) could not be created: the local AWS does not know/,
  );
});

test("a setting that the local service does not have is an error, not ignored", async () => {
  await expect(aws.create("aws:sqs/queue:Queue", "q", { kmsMasterKeyId: "alias/x" })).rejects.toThrow(
    /q \(aws:sqs\/queue:Queue\).*kmsMasterKeyId/,
  );
});

test("what AWS refuses is an error that names the resource", async () => {
  await expect(
    aws.create("aws:sqs/queue:Queue", "q", { name: "no-suffix", fifoQueue: true }),
  ).rejects.toThrow(/q \(aws:sqs\/queue:Queue\)/);
});

test("a resource without a name gets one of its own, always the same, and a named one keeps its name", async () => {
  const unnamed = [
    await aws.create("aws:s3/bucket:Bucket", "b"),
    await aws.create("aws:s3/bucket:Bucket", "c"),
  ];
  expect(unnamed.map(({ bucket }) => bucket)).toEqual([
    expect.stringMatching(/^b-[0-9a-f]{7}$/),
    expect.stringMatching(/^c-[0-9a-f]{7}$/),
  ]);
  expect(await aws.create("aws:s3/bucket:Bucket", "b")).toMatchObject({ bucket: unnamed[0]?.bucket });
  expect(await aws.create("aws:s3/bucket:Bucket", "b", { bucket: "mine" })).toMatchObject({ id: "mine" });
});

test("a secret arrives unwrapped in Secrets Manager", async () => {
  const secret = await aws.create("aws:secretsmanager/secret:Secret", "key");
  await aws.create("aws:secretsmanager/secretVersion:SecretVersion", "key", {
    secretId: secret.id,
    secretString: { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value: "s3cret" },
  });
  const client = new SecretsManagerClient(aws.client);
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secret.name }));
  client.destroy();
  expect(SecretString).toBe("s3cret");
});

test("an output that the local AWS does not return is found in whatever was made of it", async () => {
  const { dnsName } = await aws.create("aws:ec2/vpc:Vpc", "net", { cidrBlock: "10.0.0.0/16" });
  expect(dnsName).toBeUndefined();
  const queue = { type: "aws:sqs/queue:Queue", name: "q", inputs: {} };
  const { arn } = markMissing(queue, { url: "u", name: "n" });
  const made = { policy: JSON.stringify({ Resource: [`${arn}/*`] }) };
  expect(findMissing(made)).toEqual(["arn of aws:sqs/queue:Queue q"]);
  await expect(aws.create("aws:sqs/queue:Queue", "other", { redrivePolicy: made.policy })).rejects.toThrow(
    /other .*arn of aws:sqs\/queue:Queue q/,
  );
});

test("a file system can be mounted once it has a mount target, as on AWS", async () => {
  const fileSystem = await aws.create("aws:efs/fileSystem:FileSystem", "fs");
  const accessPoint = await aws.create("aws:efs/accessPoint:AccessPoint", "fs", {
    fileSystemId: fileSystem.id,
  });
  const create = () =>
    aws.createFunction("mounts", {
      code: "export const handler = async () => 1;",
      allow: [{ Action: "ec2:CreateNetworkInterface", Resource: "*" }],
      inputs: {
        vpcConfig: { subnetIds: ["subnet-1"], securityGroupIds: ["sg-1"] },
        fileSystemConfig: { arn: accessPoint.arn, localMountPath: "/mnt/x" },
      },
    });
  await expect(create()).rejects.toThrow(/no mount target/);
});

test("a function takes only a role that Lambda may assume", async () => {
  const role = await aws.create("aws:iam/role:Role", "tasks", {
    assumeRolePolicy: JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "ecs-tasks.amazonaws.com" } },
      ],
    }),
  });
  await expect(
    aws.create("aws:lambda/function:Function", "f", {
      runtime: "nodejs24.x",
      handler: "index.handler",
      code: aws.folder,
      role: role.arn,
    }),
  ).rejects.toThrow(/cannot be assumed by lambda.amazonaws.com/);
});
