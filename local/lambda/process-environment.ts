import type { Credentials } from "../iam/iam.ts";
import { region } from "../protocol/account.ts";
import { type FunctionDefinition, throughMounts } from "./function-definition.ts";

export interface ProcessSurroundings {
  readonly endpoint: string;
  readonly objectsEndpoint: string;
  readonly credentials: Credentials;
  /** host:port/path of the Runtime API. */
  readonly runtimeApi: string;
  readonly logStream: string;
  /** Scratch space of this process alone. */
  readonly temporaryFolder: string;
}

/** The whole environment of a function's process: nothing but PATH comes from the stack's own. */
export function processEnvironment(
  definition: FunctionDefinition,
  { endpoint, objectsEndpoint, credentials, runtimeApi, logStream, temporaryFolder }: ProcessSurroundings,
): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "",
    LANG: "en_US.UTF-8",
    TZ: ":UTC",
    ...throughMounts(definition.environment, definition.mounts),
    TMPDIR: temporaryFolder,
    _HANDLER: definition.handler,
    LAMBDA_TASK_ROOT: definition.folder,
    AWS_EXECUTION_ENV: `AWS_Lambda_${definition.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: definition.name,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMegabytes),
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: definition.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: logStream,
    AWS_LAMBDA_RUNTIME_API: runtimeApi,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_S3: objectsEndpoint,
  };
}
