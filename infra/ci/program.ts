import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { allow, policyOf, type Statement } from "../components/permissions.ts";

const issuer = "token.actions.githubusercontent.com";
const repositoryForm = /^[\w.-]+\/[\w.-]+$/;
/** The project of the deployed stacks, which is the name prefix of their resources. */
const product = "vectorkeep";
const own = "vectorkeep-ci";

/** The services whose resources the program declares. A test compares them with the resources of every stack. */
export const deployedServices = [
  "apigateway",
  "application-autoscaling",
  "autoscaling",
  "backup",
  "cloudwatch",
  "dynamodb",
  "ec2",
  "ecr",
  "ecs",
  "elasticache",
  "elasticfilesystem",
  "elasticloadbalancing",
  "events",
  "kms",
  "lambda",
  "logs",
  "rds",
  "s3",
  "s3vectors",
  "scheduler",
  "secretsmanager",
  "sns",
  "sqs",
  "states",
  "wafv2",
] as const;

/** Services that roles of the product run on. */
export const roleServices = [
  "apigateway.amazonaws.com",
  "ec2.amazonaws.com",
  "ecs-tasks.amazonaws.com",
  "lambda.amazonaws.com",
  "scheduler.amazonaws.com",
  "states.amazonaws.com",
] as const;

/** Services that roles of the product call. None of them can create or assume roles. */
export const runtimeServices = [
  "dynamodb",
  "ec2",
  "ecr",
  "elasticfilesystem",
  "events",
  "lambda",
  "logs",
  "rds-data",
  "s3",
  "s3vectors",
  "secretsmanager",
  "sqs",
  "ssm",
  "ssmmessages",
  "states",
  "xray",
] as const;

/** Lookups before the program declares anything: existing tables, buckets and networks. */
const lookups = [
  "dynamodb:DescribeTable",
  "ec2:DescribeAvailabilityZones",
  "ec2:DescribeRouteTables",
  "ec2:DescribeSubnets",
  "ec2:DescribeVpcs",
  "ecs:DescribeServices",
  "ecs:ListClusters",
  "s3:GetBucketLocation",
  "s3:ListBucket",
];

/**
 * GitHub's identity provider and two roles: one that previews, for pull requests, and one that deploys, for the
 * environments. GitHub signs a token for a job, and AWS accepts it for one repository and environment only, so that no
 * branch or fork gets a role and no key is stored. Deploy it once per account, manually.
 */
export async function continuousIntegration(): Promise<Record<string, pulumi.Output<string>>> {
  const config = new pulumi.Config("ci");
  const repository = config.require("repository");
  if (!repositoryForm.test(repository)) {
    throw new pulumi.RunError(`ci:repository is ORG/REPO, not ${JSON.stringify(repository)}.`);
  }
  const stateBucket = config.require("stateBucket");
  const environments = config.getObject<string[]>("environments") ?? ["dev", "prod"];

  const provider = new aws.iam.OpenIdConnectProvider("github", {
    url: `https://${issuer}`,
    clientIdLists: ["sts.amazonaws.com"],
  });
  const { accountId } = aws.getCallerIdentityOutput();
  const role = (name: string, trusted: readonly string[], statements: readonly Statement[]) => {
    const made = new aws.iam.Role(`${own}-${name}`, {
      name: `${own}-${name}`,
      maxSessionDuration: 3600,
      assumeRolePolicy: trust(provider.arn, repository, trusted),
    });
    new aws.iam.RolePolicy(`${own}-${name}`, { role: made.id, policy: policyOf(statements) });
    return made;
  };
  const boundary = new aws.iam.Policy(`${own}-boundary`, {
    name: `${own}-boundary`,
    description: "The most that a role of the product may do",
    policy: policyOf([
      allow(
        runtimeServices.map((service) => `${service}:*`),
        ["*"],
      ),
      deny(["s3:*"], [`arn:aws:s3:::${stateBucket}`, `arn:aws:s3:::${stateBucket}/*`]),
    ]),
  });
  const preview = role("preview", ["preview"], [allow(lookups, ["*"]), ...readState(stateBucket)]);
  const deploy = role("deploy", environments, [
    allow(
      deployedServices.map((service) => `${service}:*`),
      ["*"],
    ),
    // Auto Scaling looks up the image of a launch template with the caller's permissions.
    allow(["ssm:GetParameters"], ["arn:aws:ssm:*::parameter/aws/service/ami-amazon-linux-latest/*"]),
    ...roles(accountId, boundary.arn),
    ...writeState(stateBucket),
    ...notItself(accountId, provider.arn, stateBucket),
  ]);
  return {
    previewRoleArn: preview.arn,
    deployRoleArn: deploy.arn,
    permissionsBoundaryArn: boundary.arn,
  };
}

/** Compares exactly: a pattern such as `repo:ORG/*` would admit any repository that is created later. */
function trust(
  provider: pulumi.Input<string>,
  repository: string,
  environments: readonly string[],
): pulumi.Output<string> {
  return pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Federated: provider },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {
          StringEquals: {
            [`${issuer}:aud`]: "sts.amazonaws.com",
            [`${issuer}:sub`]: environments.map((name) => `repo:${repository}:environment:${name}`),
          },
        },
      },
    ],
  });
}

/** A preview locks the stack in Pulumi's state, and changes nothing else. */
function readState(bucket: string): Statement[] {
  return [
    allow(["s3:GetObject"], [`arn:aws:s3:::${bucket}/*`]),
    allow(["s3:ListBucket"], [`arn:aws:s3:::${bucket}`]),
    allow(["s3:PutObject", "s3:DeleteObject"], [`arn:aws:s3:::${bucket}/.pulumi/locks/*`]),
  ];
}

function writeState(bucket: string): Statement[] {
  return [
    allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], [`arn:aws:s3:::${bucket}/*`]),
    allow(["s3:ListBucket"], [`arn:aws:s3:::${bucket}`]),
  ];
}

/**
 * Allows only roles of the product, and only for its services. A role gets permissions only with the boundary:
 * otherwise a deployment could use a function's role to exceed its own permissions.
 */
function roles(account: pulumi.Input<string>, boundary: pulumi.Input<string>): Statement[] {
  const ofProduct = pulumi.interpolate`arn:aws:iam::${account}:role/${product}-*`;
  return [
    allow(
      [
        "iam:DeleteRole",
        "iam:GetRole",
        "iam:UpdateRole",
        "iam:UpdateAssumeRolePolicy",
        "iam:TagRole",
        "iam:UntagRole",
        "iam:GetRolePolicy",
        "iam:ListRolePolicies",
        "iam:ListAttachedRolePolicies",
        "iam:ListInstanceProfilesForRole",
      ],
      [ofProduct],
    ),
    // A machine gets a role by its profile; PassRole below bounds which.
    allow(
      [
        "iam:CreateInstanceProfile",
        "iam:DeleteInstanceProfile",
        "iam:GetInstanceProfile",
        "iam:AddRoleToInstanceProfile",
        "iam:RemoveRoleFromInstanceProfile",
        "iam:TagInstanceProfile",
      ],
      [ofProduct, pulumi.interpolate`arn:aws:iam::${account}:instance-profile/${product}-*`],
    ),
    {
      ...allow(
        [
          "iam:CreateRole",
          "iam:PutRolePermissionsBoundary",
          "iam:PutRolePolicy",
          "iam:DeleteRolePolicy",
          "iam:AttachRolePolicy",
          "iam:DetachRolePolicy",
        ],
        [ofProduct],
      ),
      Condition: { StringEquals: { "iam:PermissionsBoundary": boundary } },
    },
    {
      ...allow(["iam:PassRole"], [ofProduct]),
      Condition: { StringEquals: { "iam:PassedToService": roleServices } },
    },
    {
      ...allow(
        ["iam:CreateServiceLinkedRole"],
        [pulumi.interpolate`arn:aws:iam::${account}:role/aws-service-role/*`],
      ),
      Condition: {
        StringLike: { "iam:AWSServiceName": ["*.amazonaws.com"] },
      },
    },
  ];
}

function deny(actions: readonly string[], resources: readonly pulumi.Input<string>[]): Statement {
  return { ...allow(actions, resources), Effect: "Deny" };
}

/** A deployment changes neither who may deploy and how much, nor the bucket that holds the state. */
function notItself(
  account: pulumi.Input<string>,
  provider: pulumi.Input<string>,
  stateBucket: string,
): Statement[] {
  return [
    deny(
      ["iam:*"],
      [
        pulumi.interpolate`arn:aws:iam::${account}:role/${own}-*`,
        pulumi.interpolate`arn:aws:iam::${account}:policy/${own}-*`,
        provider,
      ],
    ),
    deny(["s3:DeleteBucket", "s3:PutBucketPolicy"], [`arn:aws:s3:::${stateBucket}`]),
  ];
}
