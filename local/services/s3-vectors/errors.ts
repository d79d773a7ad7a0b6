import { AwsError } from "../../protocol/service.ts";

export function invalid(message: string): AwsError {
  return new AwsError(400, "ValidationException", message);
}

export function notFound(message: string): AwsError {
  return new AwsError(404, "NotFoundException", message);
}

export function tooManyRequests(): AwsError {
  return new AwsError(429, "TooManyRequestsException", "Please reduce your request rate");
}
