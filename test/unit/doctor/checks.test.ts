import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EC2Client } from "@aws-sdk/client-ec2";
import {
  DescribeBackupPolicyCommand,
  DescribeFileSystemsCommand,
  DescribeLifecycleConfigurationCommand,
  DescribeMountTargetSecurityGroupsCommand,
  DescribeMountTargetsCommand,
  EFSClient,
  FileSystemNotFound,
  PolicyNotFound,
} from "@aws-sdk/client-efs";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { SNSClient } from "@aws-sdk/client-sns";
import { runChecks } from "../../../core/doctor/check.ts";
import { checkAlarmTopic } from "../../../core/doctor/check-alarm-topic.ts";
import { checkFileSystem } from "../../../core/doctor/check-file-system.ts";
import { checkStream } from "../../../core/doctor/check-stream.ts";

type Answer = (command: { readonly constructor: unknown; readonly input: object }) => unknown;

/** A client that is answered by the test. */
function answered<Client extends object>(kind: new (options: object) => Client, answer: Answer): Client {
  const client = new kind({ region: "us-east-1" });
  return Object.assign(client, { send: async (command: Parameters<Answer>[0]) => answer(command) });
}

const told = (findings: readonly { status: string; says: string }[]) =>
  findings.filter(({ status }) => status !== "ok").map(({ status, says }) => `${status}: ${says}`);

describe("checks", () => {
  test("are isolated: one that fails and one that never responds do not affect the others", async () => {
    const checked = await runChecks(
      [
        { name: "good", run: async () => [{ status: "ok", says: "Fine." }] },
        { name: "bad", run: () => Promise.reject(new TypeError("fetch failed")) },
        { name: "slow", run: () => new Promise(() => {}) },
      ],
      50,
    );
    expect(checked.map(({ findings }) => findings[0]?.says)).toEqual([
      "Fine.",
      "TypeError: fetch failed",
      "There was no response within 0.05 s.",
    ]);
  });
});

describe("the stream", () => {
  const arn = "arn:aws:dynamodb:us-east-1:000000000000:table/receipts/stream/2";
  const check = (table: object, mappings: object[]) =>
    checkStream({
      dynamodb: answered(DynamoDBClient, ({ constructor: command }) => {
        expect(command).toBe(DescribeTableCommand);
        return { Table: { LatestStreamArn: arn, ...table } };
      }),
      lambda: answered(LambdaClient, () => ({ EventSourceMappings: mappings })),
      receiptsTable: "receipts",
      streamProcessor: "processor",
    });
  const both = { StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" } };

  test.each([
    ["is off", {}, [], /has no stream/],
    [
      "lacks old images",
      { StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" } },
      [],
      /NEW_IMAGE/,
    ],
    [
      "was enabled again under another ARN",
      both,
      [{ EventSourceArn: `${arn}-old`, State: "Enabled" }],
      /No event source mapping delivers/,
    ],
    ["is not delivered", both, [{ EventSourceArn: arn, State: "Disabled", UUID: "1" }], /is Disabled/],
  ])("fails where it %s", async (_, table, mappings, says) => {
    expect(told(await check(table, mappings))).toEqual([expect.stringMatching(says)]);
  });

  test("is ok where it is delivered", async () => {
    expect(told(await check(both, [{ EventSourceArn: arn, State: "Enabled" }]))).toEqual([]);
  });
});

describe("the alarm topic", () => {
  const check = (...arns: string[]) =>
    checkAlarmTopic(
      answered(SNSClient, () => ({
        Subscriptions: arns.map((SubscriptionArn, index) => ({
          SubscriptionArn,
          Protocol: "email",
          Endpoint: `person-${index}@example.org`,
        })),
      })),
      "topic",
    );

  test("warns without a subscription, fails without a confirmed one, warns if some are unconfirmed", async () => {
    expect(told(await check())).toEqual([expect.stringMatching(/^warn: .* has no subscriptions/)]);
    expect(told(await check("PendingConfirmation"))).toEqual([expect.stringMatching(/^fail: person-0/)]);
    expect(told(await check("arn:aws:sns:1", "PendingConfirmation"))).toEqual([
      expect.stringMatching(/^warn: person-1/),
    ]);
    expect(told(await check("arn:aws:sns:1"))).toEqual([]);
  });
});

describe("the file system", () => {
  const gibibyte = 1024 ** 3;
  const good = {
    state: "available",
    throughput: "elastic",
    targets: ["available", "available"],
    groups: ["sg-1", "sg-1"],
    rule: { FromPort: 2049, ToPort: 2049, IpProtocol: "tcp", IsEgress: false, from: "sg-functions" },
    policies: [] as object[],
    backup: "ENABLED" as string | undefined,
  };
  const check = (more: Partial<typeof good> = {}, keptBytes: number | undefined = 2 * gibibyte) => {
    const now = { ...good, ...more };
    const efs = answered(EFSClient, ({ constructor: command, input }) => {
      switch (command) {
        case DescribeFileSystemsCommand:
          if (now.state === "gone")
            throw new FileSystemNotFound({ message: "", $metadata: {}, ErrorCode: "" });
          return {
            FileSystems: [
              {
                FileSystemId: "fs-1",
                LifeCycleState: now.state,
                ThroughputMode: now.throughput,
                Encrypted: true,
                SizeInBytes: { Value: 2.5 * gibibyte },
              },
            ],
          };
        case DescribeMountTargetsCommand:
          return {
            MountTargets: now.targets.map((LifeCycleState, index) => ({
              MountTargetId: `fsmt-${index}`,
              SubnetId: `subnet-${index}`,
              LifeCycleState,
            })),
          };
        case DescribeMountTargetSecurityGroupsCommand: {
          const { MountTargetId } = input as { MountTargetId: string };
          return { SecurityGroups: [now.groups[Number(MountTargetId.slice(5))]] };
        }
        case DescribeLifecycleConfigurationCommand:
          return { LifecyclePolicies: now.policies };
        case DescribeBackupPolicyCommand:
          if (now.backup === undefined)
            throw new PolicyNotFound({ message: "", $metadata: {}, ErrorCode: "" });
          return { BackupPolicy: { Status: now.backup } };
      }
      throw new Error("not asked");
    });
    return checkFileSystem({
      efs,
      fileSystemId: "fs-1",
      ec2: answered(EC2Client, () => ({
        SecurityGroupRules: [{ ...now.rule, ReferencedGroupInfo: { GroupId: now.rule.from } }],
      })),
      network: { subnetIds: ["subnet-0", "subnet-1"], securityGroupIds: ["sg-functions"] },
      keptBytes: async () => keptBytes,
    });
  };

  test("is ok as it is deployed", async () => {
    expect(told(await check())).toEqual([]);
  });

  test.each<[string, Partial<typeof good>, RegExp[]]>([
    ["F46: is gone", { state: "gone" }, [/^fail: .*does not exist/]],
    ["is being deleted", { state: "deleting" }, [/^fail: fs-1 is deleting/]],
    ["bursts", { throughput: "bursting" }, [/^warn: .*bursting/]],
    ["misses a mount target", { targets: ["available"] }, [/^fail: .*no mount target in subnet-1/]],
    [
      "has one that is not available",
      { targets: ["available", "creating"] },
      [/^fail: .*fsmt-1 in subnet-1 is creating/],
    ],
    ["has one with another security group", { groups: ["sg-1", "default"] }, [/^warn: .*sg-1; default/]],
    [
      "moves files to a slower class",
      { policies: [{ TransitionToIA: "AFTER_7_DAYS" }] },
      [/^warn: .*AFTER_7_DAYS/],
    ],
    ["lets in others only", { rule: { ...good.rule, from: "sg-2" } }, [/^fail: No rule of sg-1 allows NFS/]],
    [
      "lets in another port",
      { rule: { ...good.rule, ToPort: 443, FromPort: 443 } },
      [/^fail: No rule of sg-1/],
    ],
    [
      "has the rule for what goes out",
      { rule: { ...good.rule, IsEgress: true } },
      [/^fail: No rule of sg-1/],
    ],
    ["has no backup", { backup: undefined }, [/^warn: .*no copies/]],
  ])("%s: is reported", async (_, more, says) => {
    expect(told(await check(more))).toEqual(says.map((each) => expect.stringMatching(each)));
  });

  test("what no kept generation explains is warned of from 1 GiB on; before any cycle recorded nothing is", async () => {
    expect(told(await check({}, gibibyte))).toEqual([
      expect.stringMatching(/^warn: EFS meters 2684\.4 MB; the kept/),
    ]);
    expect(told(await check({}, undefined))).toEqual([]);
  });
});
