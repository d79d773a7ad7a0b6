/** An error response of API Gateway itself, in the default format of gateway responses. */
export class GatewayError extends Error {
  readonly status: number;
  /** Value of the header `x-amzn-ErrorType`. */
  readonly errorType: string;

  constructor(status: number, errorType: string, message: string) {
    super(message);
    this.name = "GatewayError";
    this.status = status;
    this.errorType = errorType;
  }
}

/** There is no such API, stage, resource or method: API Gateway's response is the same as for a missing signature. */
export const missingAuthenticationToken = () =>
  new GatewayError(403, "MissingAuthenticationTokenException", "Missing Authentication Token");

export const forbidden = () => new GatewayError(403, "ForbiddenException", "Forbidden");

export const accessDenied = (who: string, arn: string, why = "") =>
  new GatewayError(
    403,
    "AccessDeniedException",
    `User: ${who} is not authorized to perform: execute-api:Invoke on resource: ${arn}${why}`,
  );

export const unknownToken = () =>
  new GatewayError(
    403,
    "UnrecognizedClientException",
    "The security token included in the request is invalid.",
  );

export const notSigned = () =>
  new GatewayError(
    403,
    "InvalidSignatureException",
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
  );

export const throttled = () => new GatewayError(429, "TooManyRequestsException", "Too Many Requests");

export const quotaExceeded = () => new GatewayError(429, "LimitExceededException", "Limit Exceeded");

export const requestTooLarge = () => new GatewayError(413, "RequestTooLargeException", "Request Too Long");

/** The function may not be invoked, or was throttled. */
export const invocationFailed = () =>
  new GatewayError(500, "InternalServerErrorException", "Internal server error");

/** The function failed, or its answer is no answer to a proxy event. */
export const malformedAnswer = () =>
  new GatewayError(502, "InternalServerErrorException", "Internal server error");

export const timedOut = () =>
  new GatewayError(504, "InternalServerErrorException", "Endpoint request timed out");
