import { InvocationType, InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";

/** Invokes a function for a task asynchronously: Lambda queues the event and retries the function. */
export function taskInvoker(lambda: LambdaClient) {
  return async (FunctionName: string, taskId: string): Promise<void> => {
    const Payload = JSON.stringify({ task_id: taskId });
    await lambda.send(new InvokeCommand({ FunctionName, InvocationType: InvocationType.Event, Payload }));
  };
}
