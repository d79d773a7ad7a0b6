/** The local folder in place of an EFS file system of a function or task. */
export interface Mount {
  /** For example `/mnt/collections`. */
  readonly path: string;
  readonly folder: string;
}

/** The handling of failed asynchronous invocations. */
export interface AsyncInvocation {
  readonly maximumRetries: number;
  /** ARN of an SQS queue for records of invocations that failed permanently. */
  readonly onFailure: string | undefined;
}

/** A deployed function: the parameters of `CreateFunction` and related calls. */
export interface FunctionDefinition {
  readonly name: string;
  readonly arn: string;
  readonly roleName: string;
  readonly roleArn: string;
  /** The unpacked bundle. */
  readonly folder: string;
  /** For example `index.handler`. */
  readonly handler: string;
  readonly runtime: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMegabytes: number;
  readonly timeoutSeconds: number;
  readonly logGroup: string;
  /** Undefined for unlimited concurrency. */
  readonly reservedConcurrency: number | undefined;
  readonly mounts: readonly Mount[];
  /** Undefined outside of a VPC. The local stack does not isolate networks. */
  readonly network:
    | { readonly subnetIds: readonly string[]; readonly securityGroupIds: readonly string[] }
    | undefined;
}

/** An EFS mount, locally: a value that is or starts with the mount's path names the folder instead. */
export function throughMounts(
  environment: Readonly<Record<string, string>>,
  mounts: readonly Mount[],
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => {
      const mount = mounts.find(({ path }) => value === path || value.startsWith(`${path}/`));
      return [name, mount === undefined ? value : mount.folder + value.slice(mount.path.length)];
    }),
  );
}
