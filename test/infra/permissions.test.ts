import type { Deployment } from "./support/deploy.ts";
import { allPermissions, permissionsOf } from "./support/policies.ts";
import { deployStack } from "./support/stacks.ts";

let stack: Deployment;

beforeAll(async () => {
  stack = await deployStack("prod");
});

test("the embed function may do this and nothing else: no lease and no head is within its reach", () => {
  expect(permissionsOf(stack, "vectorkeep-prod-embed")).toEqual([
    "Deny dynamodb:DeleteItem arn:dynamodb:vectorkeep-prod-control if dynamodb:LeadingKeys ForAnyValue:StringLike COLLECTION#*",
    "Deny dynamodb:GetItem arn:dynamodb:vectorkeep-prod-control if dynamodb:LeadingKeys ForAnyValue:StringLike COLLECTION#*",
    "Deny dynamodb:PutItem arn:dynamodb:vectorkeep-prod-control if dynamodb:LeadingKeys ForAnyValue:StringLike COLLECTION#*",
    "Deny dynamodb:Query arn:dynamodb:vectorkeep-prod-control if dynamodb:LeadingKeys ForAnyValue:StringLike COLLECTION#*",
    "Deny dynamodb:UpdateItem arn:dynamodb:vectorkeep-prod-control if dynamodb:LeadingKeys ForAnyValue:StringLike COLLECTION#*",
    "dynamodb:DeleteItem arn:dynamodb:vectorkeep-prod-control",
    "dynamodb:GetItem arn:dynamodb:vectorkeep-prod-control",
    "dynamodb:GetItem arn:dynamodb:vectorkeep-prod-receipts",
    "dynamodb:PutItem arn:dynamodb:vectorkeep-prod-control",
    "dynamodb:PutItem arn:dynamodb:vectorkeep-prod-receipts",
    "dynamodb:Query arn:dynamodb:vectorkeep-prod-control",
    "dynamodb:UpdateItem arn:dynamodb:vectorkeep-prod-control",
    "dynamodb:UpdateItem arn:dynamodb:vectorkeep-prod-receipts",
    "logs:CreateLogStream arn:cloudwatch:vectorkeep-prod-embed:*",
    "logs:PutLogEvents arn:cloudwatch:vectorkeep-prod-embed:*",
    "s3:GetObject arn:s3:vectorkeep-prod-artifacts/*",
    "s3:GetObject arn:s3:vectorkeep-prod-deltas/deltas/*",
    "s3:ListBucket arn:s3:vectorkeep-prod-artifacts",
    "s3:ListBucket arn:s3:vectorkeep-prod-deltas",
    "s3:PutObject arn:s3:vectorkeep-prod-deltas/deltas/*",
    "s3:PutObject arn:s3:vectorkeep-prod-deltas/rejected/*",
    "secretsmanager:GetSecretValue arn:secretsmanager:vectorkeep-prod-embedding-api-key",
    "sqs:ChangeMessageVisibility arn:sqs:vectorkeep-prod-embed-ndjson",
    "sqs:DeleteMessage arn:sqs:vectorkeep-prod-embed-ndjson",
    "sqs:GetQueueAttributes arn:sqs:vectorkeep-prod-embed-ndjson",
    "sqs:ReceiveMessage arn:sqs:vectorkeep-prod-embed-ndjson",
    "sqs:SendMessage arn:sqs:vectorkeep-prod-embed-ndjson",
    "sqs:SendMessage arn:sqs:vectorkeep-prod-embed-ndjson-dead-letters",
    "sqs:SendMessage arn:sqs:vectorkeep-prod-lines",
    "sqs:SendMessage arn:sqs:vectorkeep-prod-words",
  ]);
});

test("the export function may put rows and ask for their embedding", () => {
  expect(permissionsOf(stack, "vectorkeep-prod-export-ocr-results")).toEqual([
    "logs:CreateLogStream arn:cloudwatch:vectorkeep-prod-export-ocr-results:*",
    "logs:PutLogEvents arn:cloudwatch:vectorkeep-prod-export-ocr-results:*",
    "s3:PutObject arn:s3:vectorkeep-prod-artifacts/receipts/*",
    "sqs:SendMessage arn:sqs:vectorkeep-prod-embed-ndjson",
    "sqs:SendMessage arn:sqs:vectorkeep-prod-failed-exports",
  ]);
});

test("the stream processor may read the stream and pass on", () => {
  expect(permissionsOf(stack, "vectorkeep-prod-stream-processor")).toEqual([
    "dynamodb:DescribeStream arn:dynamodb:vectorkeep-prod-receipts/stream/1",
    "dynamodb:GetRecords arn:dynamodb:vectorkeep-prod-receipts/stream/1",
    "dynamodb:GetShardIterator arn:dynamodb:vectorkeep-prod-receipts/stream/1",
    "dynamodb:ListStreams arn:dynamodb:vectorkeep-prod-receipts/stream/*",
    "logs:CreateLogStream arn:cloudwatch:vectorkeep-prod-stream-processor:*",
    "logs:PutLogEvents arn:cloudwatch:vectorkeep-prod-stream-processor:*",
    "s3:ListBucket arn:s3:vectorkeep-prod-deltas",
    "s3:PutObject arn:s3:vectorkeep-prod-deltas/aws/lambda/*",
    "sqs:SendMessage arn:sqs:vectorkeep-prod-lines",
    "sqs:SendMessage arn:sqs:vectorkeep-prod-stream-rejected",
    "sqs:SendMessage arn:sqs:vectorkeep-prod-words",
  ]);
});

test("the compaction function may do this and nothing else", () => {
  expect(permissionsOf(stack, "vectorkeep-prod-compaction")).toEqual([
    ...deniedToCode("vectorkeep-prod-compaction"),
    "dynamodb:BatchGetItem arn:dynamodb:vectorkeep-prod-control",
    "dynamodb:BatchGetItem arn:dynamodb:vectorkeep-prod-receipts",
    "dynamodb:DeleteItem arn:dynamodb:vectorkeep-prod-control",
    "dynamodb:GetItem arn:dynamodb:vectorkeep-prod-control",
    "dynamodb:GetItem arn:dynamodb:vectorkeep-prod-receipts",
    "dynamodb:PutItem arn:dynamodb:vectorkeep-prod-control",
    "dynamodb:Query arn:dynamodb:vectorkeep-prod-receipts",
    "dynamodb:Scan arn:dynamodb:vectorkeep-prod-control",
    "dynamodb:UpdateItem arn:dynamodb:vectorkeep-prod-control",
    "dynamodb:UpdateItem arn:dynamodb:vectorkeep-prod-receipts",
    "ec2:AssignPrivateIpAddresses *",
    "ec2:CreateNetworkInterface *",
    "ec2:DeleteNetworkInterface *",
    "ec2:DescribeNetworkInterfaces *",
    "ec2:DescribeSubnets *",
    "ec2:UnassignPrivateIpAddresses *",
    "elasticfilesystem:ClientMount arn:efs:vectorkeep-prod-collections",
    "elasticfilesystem:ClientWrite arn:efs:vectorkeep-prod-collections",
    "logs:CreateLogStream arn:cloudwatch:vectorkeep-prod-compaction:*",
    "logs:PutLogEvents arn:cloudwatch:vectorkeep-prod-compaction:*",
    "s3:GetObject arn:s3:vectorkeep-prod-deltas/deltas/*",
    "s3:ListBucket arn:s3:vectorkeep-prod-deltas",
    "sqs:ChangeMessageVisibility arn:sqs:vectorkeep-prod-lines",
    "sqs:ChangeMessageVisibility arn:sqs:vectorkeep-prod-words",
    "sqs:DeleteMessage arn:sqs:vectorkeep-prod-lines",
    "sqs:DeleteMessage arn:sqs:vectorkeep-prod-words",
    "sqs:GetQueueAttributes arn:sqs:vectorkeep-prod-lines",
    "sqs:GetQueueAttributes arn:sqs:vectorkeep-prod-words",
    "sqs:ReceiveMessage arn:sqs:vectorkeep-prod-lines",
    "sqs:ReceiveMessage arn:sqs:vectorkeep-prod-words",
    "sqs:SendMessage arn:sqs:vectorkeep-prod-fold",
    "sqs:SendMessage arn:sqs:vectorkeep-prod-lines",
    "sqs:SendMessage arn:sqs:vectorkeep-prod-lines-dead-letters",
    "sqs:SendMessage arn:sqs:vectorkeep-prod-words",
    "sqs:SendMessage arn:sqs:vectorkeep-prod-words-dead-letters",
  ]);
});

test("the function of the generations may take the lease, move the head, drive receipts again and read deltas, and embeds nothing", () => {
  expect(permissionsOf(stack, "vectorkeep-prod-generations")).toEqual([
    ...deniedToCode("vectorkeep-prod-generations"),
    "dynamodb:GetItem arn:dynamodb:vectorkeep-prod-control",
    "dynamodb:GetItem arn:dynamodb:vectorkeep-prod-receipts",
    "dynamodb:PutItem arn:dynamodb:vectorkeep-prod-control",
    "dynamodb:Query arn:dynamodb:vectorkeep-prod-receipts",
    "dynamodb:Scan arn:dynamodb:vectorkeep-prod-control",
    "dynamodb:UpdateItem arn:dynamodb:vectorkeep-prod-control",
    "dynamodb:UpdateItem arn:dynamodb:vectorkeep-prod-receipts",
    "ec2:AssignPrivateIpAddresses *",
    "ec2:CreateNetworkInterface *",
    "ec2:DeleteNetworkInterface *",
    "ec2:DescribeNetworkInterfaces *",
    "ec2:DescribeSubnets *",
    "ec2:UnassignPrivateIpAddresses *",
    "elasticfilesystem:ClientMount arn:efs:vectorkeep-prod-collections",
    "elasticfilesystem:ClientWrite arn:efs:vectorkeep-prod-collections",
    "logs:CreateLogStream arn:cloudwatch:vectorkeep-prod-generations:*",
    "logs:PutLogEvents arn:cloudwatch:vectorkeep-prod-generations:*",
    "s3:GetObject arn:s3:vectorkeep-prod-deltas/deltas/*",
    "s3:ListBucket arn:s3:vectorkeep-prod-deltas",
    "sqs:SendMessage arn:sqs:vectorkeep-prod-fold",
    "sqs:SendMessage arn:sqs:vectorkeep-prod-lines",
    "sqs:SendMessage arn:sqs:vectorkeep-prod-words",
  ]);
});

test("the schedule of the generations function may invoke it, and nothing else", () => {
  expect(permissionsOf(stack, "vectorkeep-prod-generations-check")).toEqual([
    "lambda:InvokeFunction arn:lambda:vectorkeep-prod-generations",
  ]);
});

test("the verify function may read what it compares, and write nothing but its log", () => {
  expect(permissionsOf(stack, "vectorkeep-prod-verify")).toEqual([
    ...deniedToCode("vectorkeep-prod-verify"),
    "dynamodb:GetItem arn:dynamodb:vectorkeep-prod-control",
    "dynamodb:GetItem arn:dynamodb:vectorkeep-prod-receipts",
    "dynamodb:Query arn:dynamodb:vectorkeep-prod-receipts",
    "dynamodb:Scan arn:dynamodb:vectorkeep-prod-control",
    "ec2:AssignPrivateIpAddresses *",
    "ec2:CreateNetworkInterface *",
    "ec2:DeleteNetworkInterface *",
    "ec2:DescribeNetworkInterfaces *",
    "ec2:DescribeSubnets *",
    "ec2:UnassignPrivateIpAddresses *",
    "elasticfilesystem:ClientMount arn:efs:vectorkeep-prod-collections",
    "logs:CreateLogStream arn:cloudwatch:vectorkeep-prod-verify:*",
    "logs:PutLogEvents arn:cloudwatch:vectorkeep-prod-verify:*",
    "s3:GetObject arn:s3:vectorkeep-prod-deltas/deltas/*",
    "s3:ListBucket arn:s3:vectorkeep-prod-deltas",
    "sqs:GetQueueAttributes arn:sqs:vectorkeep-prod-lines",
    "sqs:GetQueueAttributes arn:sqs:vectorkeep-prod-words",
  ]);
});

test("the sweeper may do this and nothing else: of a delta it knows the key, and no content", () => {
  expect(permissionsOf(stack, "vectorkeep-prod-sweeper")).toEqual([
    "dynamodb:DeleteItem arn:dynamodb:vectorkeep-prod-control",
    "dynamodb:GetItem arn:dynamodb:vectorkeep-prod-control",
    "dynamodb:GetItem arn:dynamodb:vectorkeep-prod-receipts",
    "dynamodb:PutItem arn:dynamodb:vectorkeep-prod-control",
    "dynamodb:Query arn:dynamodb:vectorkeep-prod-control",
    "dynamodb:UpdateItem arn:dynamodb:vectorkeep-prod-control",
    "dynamodb:UpdateItem arn:dynamodb:vectorkeep-prod-receipts",
    "elasticfilesystem:DescribeFileSystems arn:efs:vectorkeep-prod-collections",
    "logs:CreateLogStream arn:cloudwatch:vectorkeep-prod-sweeper:*",
    "logs:PutLogEvents arn:cloudwatch:vectorkeep-prod-sweeper:*",
    "s3:DeleteObject arn:s3:vectorkeep-prod-deltas/deltas/*",
    "s3:ListBucket arn:s3:vectorkeep-prod-deltas",
    "sqs:SendMessage arn:sqs:vectorkeep-prod-fold",
    "sqs:SendMessage arn:sqs:vectorkeep-prod-lines",
    "sqs:SendMessage arn:sqs:vectorkeep-prod-words",
  ]);
});

test("the schedule of the sweeper may invoke it, and nothing else", () => {
  expect(permissionsOf(stack, "vectorkeep-prod-sweeper-schedule")).toEqual([
    "lambda:InvokeFunction arn:lambda:vectorkeep-prod-sweeper",
  ]);
});

test("the query server may read heads, runs, receipts, deltas, its secrets and files, and write nothing", () => {
  expect(permissionsOf(stack, "vectorkeep-prod-query-run")).toEqual([
    "dynamodb:GetItem arn:dynamodb:vectorkeep-prod-control if dynamodb:LeadingKeys ForAllValues:StringLike COLLECTION#* or RECEIPT#*",
    "dynamodb:GetItem arn:dynamodb:vectorkeep-prod-receipts if dynamodb:LeadingKeys ForAllValues:StringLike IMAGE#*",
    "elasticfilesystem:ClientMount arn:efs:vectorkeep-prod-collections",
    "s3:GetObject arn:s3:vectorkeep-prod-deltas/deltas/*",
    "s3:ListBucket arn:s3:vectorkeep-prod-deltas",
    "secretsmanager:GetSecretValue arn:secretsmanager:vectorkeep-prod-embedding-api-key",
    "secretsmanager:GetSecretValue arn:secretsmanager:vectorkeep-prod-search-api-key",
  ]);
});

test("no action is a wildcard, and only actions that know no narrower resource have all of them", () => {
  const actionsOnAll = new Set<string>();
  const permissions = [...allPermissions(stack).values()].flat();
  for (const permission of permissions.filter((one) => !one.startsWith("Deny "))) {
    const [action = "", resource] = permission.split(" ");
    expect(action).not.toContain("*");
    if (resource === "*") actionsOnAll.add(action);
  }
  expect([...actionsOnAll].sort()).toEqual([
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
    "ecr:GetAuthorizationToken",
  ]);
});

/** What Lambda does to attach a function, and its own code may not. */
function deniedToCode(name: string): string[] {
  const actions = [
    "AssignPrivateIpAddresses",
    "CreateNetworkInterface",
    "DeleteNetworkInterface",
    "DescribeNetworkInterfaces",
    "DescribeSubnets",
    "UnassignPrivateIpAddresses",
  ];
  return actions.map(
    (action) => `Deny ec2:${action} * if lambda:SourceFunctionArn ArnLike arn:*:lambda:*:*:function:${name}`,
  );
}
