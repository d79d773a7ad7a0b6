/** gRPC's codes, which the data plane answers with. */
const invalidArgument = 3;
const notFound = 5;
const resourceExhausted = 8;

/** An error as Pinecone answers it. */
export class ApiError extends Error {
  readonly status: number;
  readonly body: string;

  constructor(status: number, message: string, body: unknown) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.body = typeof body === "string" ? body : JSON.stringify(body);
  }
}

/** Refuses a data-plane request as a whole: nothing of it was stored. */
export function badRequest(message: string): ApiError {
  return new ApiError(400, message, { code: invalidArgument, message, details: [] });
}

export function namespaceNotFound(): ApiError {
  const message = "Namespace not found";
  return new ApiError(404, message, { code: notFound, message, details: [] });
}

export function storageFull(message: string): ApiError {
  return new ApiError(403, message, { code: resourceExhausted, message, details: [] });
}

export function unauthenticated(): ApiError {
  const message = "Invalid API Key";
  return new ApiError(401, message, message);
}

/** `code` is the control plane's own: `NOT_FOUND`, `ALREADY_EXISTS`, `INVALID_ARGUMENT`. */
export function controlError(status: number, code: string, message: string): ApiError {
  return new ApiError(status, message, { status, error: { code, message } });
}
