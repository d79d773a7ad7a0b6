import { randomUUID } from "node:crypto";
import { z } from "zod";
import { functionArn } from "../../lambda/function-configuration.ts";
import { accountId, region } from "../../protocol/account.ts";
import { copyCode } from "../code.ts";
import type { Deployment } from "../deployment.ts";
import { parseInputs } from "../inputs.ts";
import { physicalName } from "../names.ts";
import type { Creators } from "../resource.ts";
import { createMapping } from "./lambda-mapping.ts";

const functionInputs = z.strictObject({
  name: z.string().optional(),
  description: z.string().optional(),
  runtime: z.enum(["nodejs22.x", "nodejs24.x"]),
  architectures: z.array(z.literal("x86_64")).optional(),
  handler: z.string(),
  code: z.unknown().optional(),
  role: z.string(),
  timeout: z.number().int().min(1).max(900).default(3),
  memorySize: z.number().int().min(128).max(10_240).default(128),
  reservedConcurrentExecutions: z.number().int().default(-1),
  environment: z.object({ variables: z.record(z.string(), z.string()) }).default({ variables: {} }),
  ephemeralStorage: z.unknown().optional(),
  /** The header of a trace is passed on anyway, and there is no X-Ray to write to. */
  tracingConfig: z.object({ mode: z.enum(["Active", "PassThrough"]) }).optional(),
  loggingConfig: z
    .object({ logFormat: z.literal("Text").optional(), logGroup: z.string().optional() })
    .optional(),
  vpcConfig: z.object({ subnetIds: z.array(z.string()), securityGroupIds: z.array(z.string()) }).optional(),
  fileSystemConfig: z.object({ arn: z.string(), localMountPath: z.string().startsWith("/mnt/") }).optional(),
  tags: z.unknown().optional(),
});

const eventInvokeConfig = z.strictObject({
  functionName: z.string(),
  maximumRetryAttempts: z.number().int().min(0).max(2).default(2),
  maximumEventAgeInSeconds: z.unknown().optional(),
  destinationConfig: z
    .strictObject({
      onFailure: z.object({
        destination: z.string().regex(/^arn:aws:(sqs|lambda):/, "is neither a queue nor a function"),
      }),
    })
    .optional(),
});

const recursionConfig = z.strictObject({
  functionName: z.string(),
  recursiveLoop: z.enum(["Allow", "Terminate"]),
});

const permission = z.strictObject({
  action: z.literal("lambda:InvokeFunction"),
  function: z.string(),
  principal: z.string(),
  sourceArn: z.string().optional(),
  sourceAccount: z.literal(accountId).optional(),
  statementId: z.string().optional(),
  statementIdPrefix: z.string().optional(),
});

const maxEnvironmentBytes = 4096;

export const lambdaCreators: Creators = {
  "aws:lambda/functionRecursionConfig:FunctionRecursionConfig"({ inputs }, deployment) {
    const { functionName, recursiveLoop } = parseInputs(recursionConfig, inputs);
    const pool = deployment.functions.find(functionName);
    if (pool === undefined) throw new Error(`there is no function ${functionName}`);
    pool.allowsLoops = recursiveLoop === "Allow";
    return { id: functionName };
  },
  async "aws:lambda/function:Function"({ name, inputs }, deployment) {
    const wanted = parseInputs(functionInputs, inputs);
    const functionName = physicalName(wanted.name, name);
    const roleName = deployment.roles.assumedBy("lambda.amazonaws.com", wanted.role);
    const { variables } = wanted.environment;
    checkEnvironment(variables);
    if (wanted.vpcConfig !== undefined) checkNetworkAccess(deployment, roleName);
    if (wanted.fileSystemConfig !== undefined && wanted.vpcConfig === undefined) {
      throw new Error("a function that mounts EFS has to be in a VPC");
    }
    const arn = functionArn(functionName);
    deployment.functions.create({
      name: functionName,
      arn,
      roleName,
      roleArn: wanted.role,
      folder: await copyCode(wanted.code, deployment.codeFolder, functionName),
      handler: wanted.handler,
      runtime: wanted.runtime,
      environment: variables,
      memoryMegabytes: wanted.memorySize,
      timeoutSeconds: wanted.timeout,
      logGroup: wanted.loggingConfig?.logGroup ?? `/aws/lambda/${functionName}`,
      reservedConcurrency:
        wanted.reservedConcurrentExecutions < 0 ? undefined : wanted.reservedConcurrentExecutions,
      mounts: mountsOf(wanted.fileSystemConfig, deployment),
      network: wanted.vpcConfig,
    });
    return {
      id: functionName,
      outputs: {
        name: functionName,
        arn,
        qualifiedArn: `${arn}:$LATEST`,
        invokeArn: `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${arn}/invocations`,
        version: "$LATEST",
      },
    };
  },

  "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"({ inputs }, { functions }) {
    const { functionName, maximumRetryAttempts, destinationConfig } = parseInputs(eventInvokeConfig, inputs);
    functions.configureAsyncInvocation(functionName, {
      maximumRetries: maximumRetryAttempts,
      onFailure: destinationConfig?.onFailure.destination,
    });
    return { id: functionName };
  },

  "aws:lambda/permission:Permission"({ name, inputs }, { functions }) {
    const wanted = parseInputs(permission, inputs);
    const target = functions.find(wanted.function);
    if (target === undefined) throw new Error(`There is no function ${wanted.function}`);
    functions.policies.add(target.definition.name, {
      principal: wanted.principal,
      sourceArn: wanted.sourceArn,
    });
    const statementId = physicalName(wanted.statementId, wanted.statementIdPrefix ?? name);
    return { id: statementId, outputs: { statementId } };
  },

  async "aws:lambda/eventSourceMapping:EventSourceMapping"({ inputs }, deployment) {
    const uuid = randomUUID();
    const arn = `arn:aws:lambda:${region}:${accountId}:event-source-mapping:${uuid}`;
    await createMapping({ uuid, arn }, inputs, deployment);
    return { id: uuid, outputs: { uuid, arn, state: inputs.enabled === false ? "Disabled" : "Enabled" } };
  },
};

function checkEnvironment(variables: Readonly<Record<string, string>>): void {
  const reserved = Object.keys(variables).filter((name) =>
    /^(AWS_(REGION|ACCESS|SECRET|SESSION|LAMBDA_)|LAMBDA_|_)/.test(name),
  );
  if (reserved.length > 0)
    throw new Error(`Lambda reserves the environment variables ${reserved.join(", ")}`);
  if (Buffer.byteLength(JSON.stringify(variables)) > maxEnvironmentBytes) {
    throw new Error(`the environment is larger than the ${maxEnvironmentBytes} bytes that Lambda takes`);
  }
}

function checkNetworkAccess({ platform }: Deployment, roleName: string): void {
  if (platform.allows(roleName, { action: "ec2:CreateNetworkInterface", resource: "*" })) return;
  throw new Error(
    "The provided execution role does not have permissions to call CreateNetworkInterface on EC2: a function in a VPC needs them when it is created",
  );
}

function mountsOf(config: { arn: string; localMountPath: string } | undefined, { fileSystems }: Deployment) {
  if (config === undefined) return [];
  const accessPointId = config.arn.split("/").at(-1) ?? "";
  return [{ path: config.localMountPath, folder: fileSystems.mountAccessPoint(accessPointId) }];
}
