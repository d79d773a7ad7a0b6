import { GetFunctionConfigurationCommand, LambdaClient } from "@aws-sdk/client-lambda";

export type FunctionEnvironment = Readonly<Record<string, string>>;

/** The environment of a function of the stack, as infra declares it. */
export async function functionEnvironment(FunctionName: string): Promise<FunctionEnvironment> {
  const lambda = new LambdaClient({});
  const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  lambda.destroy();
  return Environment?.Variables ?? {};
}
