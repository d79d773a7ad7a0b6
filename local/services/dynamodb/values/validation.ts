import { AwsError } from "../../../protocol/service.ts";

/** DynamoDB's answer to input that does not fit. */
export function validationError(message: string): AwsError {
  return new AwsError(400, "ValidationException", message);
}
