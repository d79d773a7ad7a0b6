import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { z } from "zod";
import { VectorkeepError } from "../core/vectorkeep-error.ts";

/** A function of the stack failed; its message contains the remedy. */
export class FunctionFailedError extends VectorkeepError {
  /** The name of the error's class. */
  readonly type: string;

  constructor(name: string, type: string, message: string) {
    super(`${message} (${type})`, `Its log is in /aws/lambda/${name}.`);
    this.type = type;
  }
}

const failure = z.object({
  errorType: z.string().default("Error"),
  errorMessage: z.string().default("The function failed."),
});

/**
 * Invokes a function of the stack and returns its result. Does not retry, because a retry after a lost connection could
 * run it twice. Throws FunctionFailedError.
 */
export async function invokeFunction<Answer extends z.ZodType>(
  name: string,
  event: object,
  answer: Answer,
): Promise<z.infer<Answer>> {
  const lambda = new LambdaClient({ maxAttempts: 1 });
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({ FunctionName: name, Payload: Buffer.from(JSON.stringify(event)) }),
  );
  const payload: unknown = JSON.parse(Buffer.from(Payload ?? []).toString());
  if (FunctionError === undefined) return answer.parse(payload);
  const { errorType, errorMessage } = failure.parse(payload);
  throw new FunctionFailedError(name, errorType, errorMessage);
}
