import { LambdaClient } from "@aws-sdk/client-lambda";
import { SignatureV4 } from "@smithy/signature-v4";

export interface UnsignedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export type RequestSigner = (request: UnsignedRequest) => Promise<Record<string, string>>;

/** Returns a signer for API Gateway that uses the AWS credentials of this process. The signer returns all headers. */
export function requestSigner(): RequestSigner {
  const { credentials, region, sha256 } = new LambdaClient({}).config;
  const signer = new SignatureV4({ service: "execute-api", credentials, region, sha256 });
  return async ({ method, url, headers, body }) => {
    const signed = await signer.sign({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { ...headers, host: url.host },
      ...(body !== undefined && { body }),
    });
    // fetch sets the same host header itself.
    const { host: _, ...sent } = signed.headers;
    return sent;
  };
}
