/** The failure of a state or an execution: an error name that Retry and Catch match, and a cause for people. */
export class StatesError extends Error {
  /** For example `States.Timeout`, or the errorType of a function's error. */
  readonly error: string;
  override readonly cause: string;

  constructor(error: string, cause: string) {
    super(`${error}: ${cause}`);
    this.name = "StatesError";
    this.error = error;
    this.cause = cause;
  }
}

/** The limit of a state's input or output, and of an execution's. */
export const maxPayloadBytes = 256 * 1024;

/** The value as JSON. Throws States.DataLimitExceeded when it is larger than a payload may be. */
export function payloadText(value: unknown, whose: string): string {
  const text = JSON.stringify(value ?? null);
  if (Buffer.byteLength(text) <= maxPayloadBytes) return text;
  throw new StatesError(
    "States.DataLimitExceeded",
    `${whose} returned a result with a size exceeding the maximum number of bytes service limit.`,
  );
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
