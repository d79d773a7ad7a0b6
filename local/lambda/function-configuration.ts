import { accountId, region } from "../protocol/account.ts";
import type { FunctionDefinition } from "./function-definition.ts";

/** The ARN of a function that is named by its name or its ARN. */
export function functionArn(nameOrArn: string): string {
  return nameOrArn.startsWith("arn:")
    ? nameOrArn
    : `arn:aws:lambda:${region}:${accountId}:function:${nameOrArn}`;
}

/** Returns the response of `GetFunctionConfiguration`. */
export function functionConfiguration(definition: FunctionDefinition): object {
  return {
    FunctionName: definition.name,
    FunctionArn: definition.arn,
    Runtime: definition.runtime,
    Role: definition.roleArn,
    Handler: definition.handler,
    Timeout: definition.timeoutSeconds,
    MemorySize: definition.memoryMegabytes,
    Version: "$LATEST",
    PackageType: "Zip",
    State: "Active",
    LastUpdateStatus: "Successful",
    Environment: { Variables: definition.environment },
    LoggingConfig: { LogFormat: "Text", LogGroup: definition.logGroup },
    VpcConfig: definition.network && {
      SubnetIds: definition.network.subnetIds,
      SecurityGroupIds: definition.network.securityGroupIds,
    },
    FileSystemConfigs: definition.mounts.map(({ path }) => ({ LocalMountPath: path })),
  };
}
