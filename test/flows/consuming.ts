import {
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from "@aws-sdk/client-lambda";
import type { RunningStack } from "./running-stack.ts";

/** Lets a function of a stack receive messages, or stops it. */
export async function setConsuming(
  { client }: Pick<RunningStack, "client">,
  FunctionName: string,
  Enabled: boolean,
): Promise<void> {
  const lambda = new LambdaClient(client);
  const { EventSourceMappings = [] } = await lambda.send(
    new ListEventSourceMappingsCommand({ FunctionName }),
  );
  const UUID = EventSourceMappings[0]?.UUID;
  await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled }));
  lambda.destroy();
}
