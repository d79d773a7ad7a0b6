import { GetFunctionConfigurationCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { z } from "zod";
import { sinkConfig } from "../../core/catchup/host/sink-config.ts";
import { wholeNumber } from "../../core/settings/environment.ts";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";

/** A function of the stack has no configuration that this version can read. */
export class FunctionUnreadableError extends VectorkeepError {
  constructor(functionName: string, reason: string, options?: ErrorOptions) {
    super(
      `The configuration of ${functionName} could not be read: ${reason}.`,
      "Deploy the stack with this version (`pulumi up`), and check what the credentials of this shell may do.",
      options,
    );
  }
}

const optional = z
  .string()
  .transform((text) => text || undefined)
  .optional();

/** The environment of the functions that embed. */
export const embeddingSettings = z.object({
  EMBEDDING_API_KEY_SECRET: z.string(),
  EMBEDDING_BASE_URL: z.string(),
  EMBEDDING_MODEL: z.string(),
  EMBEDDING_DIMENSIONS: wholeNumber(1, 65_536),
});

/** The environment of the function that plans catch-up tasks. */
export const catchUpSettings = embeddingSettings.extend({
  ...sinkConfig.shape,
  METABASE_URL: optional,
  METABASE_API_KEY_SECRET: optional,
});

/** The environment of the catch-up API function. */
export const catchUpApiSettings = z.object({ DEFAULT_QUESTION_ID: optional, DEFAULT_NAMESPACE: z.string() });

/**
 * Returns the environment of a deployed function, so that the checks cover what is deployed rather than the local
 * settings.
 */
export async function settingsOf<S extends z.ZodType>(
  lambda: LambdaClient,
  functionName: string,
  schema: S,
): Promise<z.infer<S>> {
  const { Environment } = await configurationOf(lambda, functionName);
  const parsed = schema.safeParse(Environment?.Variables ?? {});
  if (!parsed.success) throw new FunctionUnreadableError(functionName, z.prettifyError(parsed.error));
  return parsed.data;
}

/** Returns the subnets and security groups of a function. */
export async function networkOf(lambda: LambdaClient, functionName: string) {
  const { VpcConfig } = await configurationOf(lambda, functionName);
  return { subnetIds: VpcConfig?.SubnetIds ?? [], securityGroupIds: VpcConfig?.SecurityGroupIds ?? [] };
}

function configurationOf(lambda: LambdaClient, FunctionName: string) {
  return lambda.send(new GetFunctionConfigurationCommand({ FunctionName })).catch((cause: Error) => {
    throw new FunctionUnreadableError(FunctionName, cause.message, { cause });
  });
}
