/** The W3C trace id of the current invocation: the 32 hexadecimal digits of its X-Ray root. */
export function currentTraceId(header = process.env._X_AMZN_TRACE_ID): string | undefined {
  const root = /Root=1-([0-9a-f]{8})-([0-9a-f]{24})/.exec(header ?? "");
  return root ? `${root[1]}${root[2]}` : undefined;
}
