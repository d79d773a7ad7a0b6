/** The part of a structured logger that core needs; Powertools' Logger fits it. */
export interface Log {
  debug(message: string, ...fields: Record<string, unknown>[]): void;
  info(message: string, ...fields: Record<string, unknown>[]): void;
  warn(message: string, ...fields: Record<string, unknown>[]): void;
  error(message: string, ...fields: Record<string, unknown>[]): void;
}

/** For callers that print their own progress. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
