/** The caller's data in a SigV4 signature. The signature itself is not verified, because the stack is local. */
export interface Credential {
  readonly accessKeyId: string;
  readonly service: string;
}

/** Reads the credential scope `AKID/20261101/us-east-1/sqs/aws4_request` from the header or a presigned query. */
export function readCredential(
  authorization: string | undefined,
  query: URLSearchParams,
): Credential | undefined {
  const scope =
    authorization?.match(/^AWS4-\S+ .*?Credential=([^,\s]+)/)?.[1] ??
    query.get("X-Amz-Credential") ??
    undefined;
  if (scope === undefined) return undefined;
  const parts = scope.split("/");
  const service = parts.at(-2);
  const accessKeyId = parts.slice(0, -4).join("/");
  if (service === undefined || accessKeyId === "") return undefined;
  return { accessKeyId, service };
}
