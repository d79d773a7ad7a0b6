import { deployCatchUp, deployWithoutMetabase } from "./support/catch-up-stack.ts";
import type { Deployment } from "./support/deploy.ts";
import { allPermissions, permissionsOf } from "./support/policies.ts";

let stack: Deployment;

beforeAll(async () => {
  stack = await deployCatchUp();
});

test("the API may start and stop work on tasks, and reaches no row and no secret", () => {
  expect(permissionsOf(stack, "vectorkeep-dev-catch-up-api")).toEqual([
    "dynamodb:GetItem arn:dynamodb:vectorkeep-dev-catch-up-tasks",
    "dynamodb:PutItem arn:dynamodb:vectorkeep-dev-catch-up-tasks",
    "dynamodb:Query arn:dynamodb:vectorkeep-dev-catch-up-tasks",
    "dynamodb:Query arn:dynamodb:vectorkeep-dev-catch-up-tasks/index/*",
    "dynamodb:UpdateItem arn:dynamodb:vectorkeep-dev-catch-up-tasks",
    "lambda:InvokeFunction arn:lambda:vectorkeep-dev-catch-up-batch",
    "lambda:InvokeFunction arn:lambda:vectorkeep-dev-catch-up-run",
    "logs:CreateLogStream arn:cloudwatch:vectorkeep-dev-catch-up-api:*",
    "logs:PutLogEvents arn:cloudwatch:vectorkeep-dev-catch-up-api:*",
    "states:DescribeExecution arn:aws:states:::execution:vectorkeep-dev-catch-up/*",
    "states:DescribeExecution arn:aws:states:::execution:vectorkeep-dev-catch-up:*",
    "states:StopExecution arn:aws:states:::execution:vectorkeep-dev-catch-up/*",
    "states:StopExecution arn:aws:states:::execution:vectorkeep-dev-catch-up:*",
  ]);
});

test("the function that plans may do what one that works on chunks may, and start the state machine", () => {
  expect(permissionsOf(stack, "vectorkeep-dev-catch-up-run")).toEqual([
    "dynamodb:GetItem arn:dynamodb:vectorkeep-dev-catch-up-tasks",
    "dynamodb:GetItem arn:dynamodb:vectorkeep-dev-control if dynamodb:LeadingKeys ForAllValues:StringLike LIMITER#*",
    "dynamodb:Query arn:dynamodb:vectorkeep-dev-catch-up-tasks",
    "dynamodb:UpdateItem arn:dynamodb:vectorkeep-dev-catch-up-tasks",
    "dynamodb:UpdateItem arn:dynamodb:vectorkeep-dev-control if dynamodb:LeadingKeys ForAllValues:StringLike LIMITER#*",
    "lambda:InvokeFunction arn:lambda:vectorkeep-dev-catch-up-settle",
    "logs:CreateLogStream arn:cloudwatch:vectorkeep-dev-catch-up-run:*",
    "logs:PutLogEvents arn:cloudwatch:vectorkeep-dev-catch-up-run:*",
    "s3:AbortMultipartUpload arn:s3:vectorkeep-dev-catch-up-work/sources/*",
    "s3:DeleteObject arn:s3:vectorkeep-dev-catch-up-work/failed/*",
    "s3:GetObject arn:s3:vectorkeep-dev-catch-up-cache/vectors/*",
    "s3:GetObject arn:s3:vectorkeep-dev-catch-up-source/*",
    "s3:GetObject arn:s3:vectorkeep-dev-catch-up-work/*",
    "s3:ListBucket arn:s3:vectorkeep-dev-catch-up-cache",
    "s3:ListBucket arn:s3:vectorkeep-dev-catch-up-source",
    "s3:ListBucket arn:s3:vectorkeep-dev-catch-up-work",
    "s3:PutObject arn:s3:vectorkeep-dev-catch-up-cache/vectors/*",
    "s3:PutObject arn:s3:vectorkeep-dev-catch-up-work/duplicates/*",
    "s3:PutObject arn:s3:vectorkeep-dev-catch-up-work/errors/*",
    "s3:PutObject arn:s3:vectorkeep-dev-catch-up-work/failed/*",
    "s3:PutObject arn:s3:vectorkeep-dev-catch-up-work/plans/*",
    "s3:PutObject arn:s3:vectorkeep-dev-catch-up-work/results/*",
    "s3:PutObject arn:s3:vectorkeep-dev-catch-up-work/sources/*",
    "s3:PutObject arn:s3:vectorkeep-dev-catch-up-work/vectors/*",
    "secretsmanager:GetSecretValue arn:secretsmanager:vectorkeep-dev-catch-up-metabase-api-key",
    "secretsmanager:GetSecretValue arn:secretsmanager:vectorkeep-dev-catch-up-pinecone-api-key",
    "secretsmanager:GetSecretValue arn:secretsmanager:vectorkeep-dev-embedding-api-key",
    "states:StartExecution arn:aws:states:::stateMachine:vectorkeep-dev-catch-up",
    "states:StopExecution arn:aws:states:::execution:vectorkeep-dev-catch-up/*",
    "states:StopExecution arn:aws:states:::execution:vectorkeep-dev-catch-up:*",
  ]);
});

test("the function that works on chunks may do this and nothing else", () => {
  expect(permissionsOf(stack, "vectorkeep-dev-catch-up-chunk")).toEqual([
    "dynamodb:GetItem arn:dynamodb:vectorkeep-dev-catch-up-tasks",
    "dynamodb:GetItem arn:dynamodb:vectorkeep-dev-control if dynamodb:LeadingKeys ForAllValues:StringLike LIMITER#*",
    "dynamodb:Query arn:dynamodb:vectorkeep-dev-catch-up-tasks",
    "dynamodb:UpdateItem arn:dynamodb:vectorkeep-dev-catch-up-tasks",
    "dynamodb:UpdateItem arn:dynamodb:vectorkeep-dev-control if dynamodb:LeadingKeys ForAllValues:StringLike LIMITER#*",
    "logs:CreateLogStream arn:cloudwatch:vectorkeep-dev-catch-up-chunk:*",
    "logs:PutLogEvents arn:cloudwatch:vectorkeep-dev-catch-up-chunk:*",
    "s3:DeleteObject arn:s3:vectorkeep-dev-catch-up-work/failed/*",
    "s3:GetObject arn:s3:vectorkeep-dev-catch-up-cache/vectors/*",
    "s3:GetObject arn:s3:vectorkeep-dev-catch-up-source/*",
    "s3:GetObject arn:s3:vectorkeep-dev-catch-up-work/*",
    "s3:ListBucket arn:s3:vectorkeep-dev-catch-up-cache",
    "s3:ListBucket arn:s3:vectorkeep-dev-catch-up-source",
    "s3:ListBucket arn:s3:vectorkeep-dev-catch-up-work",
    "s3:PutObject arn:s3:vectorkeep-dev-catch-up-cache/vectors/*",
    "s3:PutObject arn:s3:vectorkeep-dev-catch-up-work/duplicates/*",
    "s3:PutObject arn:s3:vectorkeep-dev-catch-up-work/errors/*",
    "s3:PutObject arn:s3:vectorkeep-dev-catch-up-work/failed/*",
    "s3:PutObject arn:s3:vectorkeep-dev-catch-up-work/results/*",
    "s3:PutObject arn:s3:vectorkeep-dev-catch-up-work/vectors/*",
    "secretsmanager:GetSecretValue arn:secretsmanager:vectorkeep-dev-catch-up-pinecone-api-key",
    "secretsmanager:GetSecretValue arn:secretsmanager:vectorkeep-dev-embedding-api-key",
  ]);
});

test("the function that pays in batches may store vectors and the state of its batches, and writes no index", () => {
  expect(permissionsOf(stack, "vectorkeep-dev-catch-up-batch")).toEqual([
    "dynamodb:GetItem arn:dynamodb:vectorkeep-dev-catch-up-tasks",
    "dynamodb:PutItem arn:dynamodb:vectorkeep-dev-catch-up-tasks",
    "dynamodb:Query arn:dynamodb:vectorkeep-dev-catch-up-tasks",
    "dynamodb:UpdateItem arn:dynamodb:vectorkeep-dev-catch-up-tasks",
    "logs:CreateLogStream arn:cloudwatch:vectorkeep-dev-catch-up-batch:*",
    "logs:PutLogEvents arn:cloudwatch:vectorkeep-dev-catch-up-batch:*",
    "s3:GetObject arn:s3:vectorkeep-dev-catch-up-cache/vectors/*",
    "s3:GetObject arn:s3:vectorkeep-dev-catch-up-source/*",
    "s3:GetObject arn:s3:vectorkeep-dev-catch-up-work/*",
    "s3:ListBucket arn:s3:vectorkeep-dev-catch-up-cache",
    "s3:ListBucket arn:s3:vectorkeep-dev-catch-up-source",
    "s3:ListBucket arn:s3:vectorkeep-dev-catch-up-work",
    "s3:PutObject arn:s3:vectorkeep-dev-catch-up-work/batches/*",
    "s3:PutObject arn:s3:vectorkeep-dev-catch-up-work/vectors/*",
    "secretsmanager:GetSecretValue arn:secretsmanager:vectorkeep-dev-catch-up-pinecone-api-key",
    "secretsmanager:GetSecretValue arn:secretsmanager:vectorkeep-dev-embedding-api-key",
  ]);
});

test("the function that ends tasks may do this and nothing else: it knows no provider", () => {
  expect(permissionsOf(stack, "vectorkeep-dev-catch-up-settle")).toEqual([
    "dynamodb:GetItem arn:dynamodb:vectorkeep-dev-catch-up-tasks",
    "dynamodb:Query arn:dynamodb:vectorkeep-dev-catch-up-tasks",
    "dynamodb:UpdateItem arn:dynamodb:vectorkeep-dev-catch-up-tasks",
    "logs:CreateLogStream arn:cloudwatch:vectorkeep-dev-catch-up-settle:*",
    "logs:PutLogEvents arn:cloudwatch:vectorkeep-dev-catch-up-settle:*",
    "s3:GetObject arn:s3:vectorkeep-dev-catch-up-source/*",
    "s3:GetObject arn:s3:vectorkeep-dev-catch-up-work/*",
    "s3:ListBucket arn:s3:vectorkeep-dev-catch-up-source",
    "s3:ListBucket arn:s3:vectorkeep-dev-catch-up-work",
    "s3:PutObject arn:s3:vectorkeep-dev-catch-up-work/duplicates/*",
    "s3:PutObject arn:s3:vectorkeep-dev-catch-up-work/errors/*",
    "s3:PutObject arn:s3:vectorkeep-dev-catch-up-work/failed/*",
    "sqs:SendMessage arn:sqs:vectorkeep-dev-catch-up-unsettled",
  ]);
});

test("the watch may read tasks, and invoke run and settle; it reaches no row and no secret", () => {
  expect(permissionsOf(stack, "vectorkeep-dev-catch-up-watch")).toEqual([
    "dynamodb:GetItem arn:dynamodb:vectorkeep-dev-catch-up-tasks",
    "dynamodb:Query arn:dynamodb:vectorkeep-dev-catch-up-tasks/index/*",
    "dynamodb:UpdateItem arn:dynamodb:vectorkeep-dev-catch-up-tasks",
    "lambda:InvokeFunction arn:lambda:vectorkeep-dev-catch-up-run",
    "lambda:InvokeFunction arn:lambda:vectorkeep-dev-catch-up-settle",
    "logs:CreateLogStream arn:cloudwatch:vectorkeep-dev-catch-up-watch:*",
    "logs:PutLogEvents arn:cloudwatch:vectorkeep-dev-catch-up-watch:*",
    "states:DescribeExecution arn:aws:states:::execution:vectorkeep-dev-catch-up/*",
    "states:DescribeExecution arn:aws:states:::execution:vectorkeep-dev-catch-up:*",
  ]);
});

test("the schedule of the watch may invoke it, and nothing else", () => {
  expect(permissionsOf(stack, "vectorkeep-dev-catch-up-watch-schedule")).toEqual([
    "lambda:InvokeFunction arn:lambda:vectorkeep-dev-catch-up-watch",
  ]);
});

test("the state machine may call its three functions, read plans and keep what its map says", () => {
  expect(permissionsOf(stack, "vectorkeep-dev-catch-up")).toEqual([
    "lambda:InvokeFunction arn:lambda:vectorkeep-dev-catch-up-batch",
    "lambda:InvokeFunction arn:lambda:vectorkeep-dev-catch-up-chunk",
    "lambda:InvokeFunction arn:lambda:vectorkeep-dev-catch-up-settle",
    "s3:AbortMultipartUpload arn:s3:vectorkeep-dev-catch-up-work/maps/*",
    "s3:GetObject arn:s3:vectorkeep-dev-catch-up-work/maps/*",
    "s3:GetObject arn:s3:vectorkeep-dev-catch-up-work/plans/*",
    "s3:ListMultipartUploadParts arn:s3:vectorkeep-dev-catch-up-work/maps/*",
    "s3:PutObject arn:s3:vectorkeep-dev-catch-up-work/maps/*",
    "states:DescribeExecution arn:aws:states:::execution:vectorkeep-dev-catch-up/*",
    "states:DescribeExecution arn:aws:states:::execution:vectorkeep-dev-catch-up:*",
    "states:StartExecution arn:aws:states:::stateMachine:vectorkeep-dev-catch-up",
    "states:StopExecution arn:aws:states:::execution:vectorkeep-dev-catch-up/*",
    "states:StopExecution arn:aws:states:::execution:vectorkeep-dev-catch-up:*",
  ]);
});

test("the state machine may have its log delivered, and write nothing else", () => {
  expect(permissionsOf(stack, "vectorkeep-dev-catch-up-logging")).toEqual([
    "logs:CreateLogDelivery *",
    "logs:DeleteLogDelivery *",
    "logs:DescribeLogGroups *",
    "logs:DescribeResourcePolicies *",
    "logs:GetLogDelivery *",
    "logs:ListLogDeliveries *",
    "logs:PutResourcePolicy *",
    "logs:UpdateLogDelivery *",
  ]);
});

test("without Metabase there is no key of it to read", async () => {
  const permissions = [...allPermissions(await deployWithoutMetabase()).values()].flat();
  expect(permissions).not.toEqual([]);
  expect(permissions.filter((permission) => permission.includes("metabase"))).toEqual([]);
});

test("what catches up and what embeds receipts share the limiter, and no other item's table", () => {
  const tables = (role: string) =>
    new Set(
      permissionsOf(stack, `vectorkeep-dev-catch-up-${role}`)
        .filter((permission) => permission.startsWith("dynamodb:"))
        .map((permission) => permission.split(" ")[1]),
    );
  const own = "arn:dynamodb:vectorkeep-dev-catch-up-tasks";
  expect(tables("chunk")).toEqual(new Set([own, "arn:dynamodb:vectorkeep-dev-control"]));
  expect(tables("settle")).toEqual(new Set([own]));
});

test("no action is a wildcard, and only the delivery of logs knows no narrower resource", () => {
  for (const [role, permissions] of allPermissions(stack)) {
    if (!role.includes("catch-up")) continue;
    for (const permission of permissions) {
      const [action = "", resource] = permission.split(" ");
      expect(action).not.toContain("*");
      if (resource === "*") expect([role, action]).toEqual(["vectorkeep-dev-catch-up-logging", action]);
    }
  }
});
