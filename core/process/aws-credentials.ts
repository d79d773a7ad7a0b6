import { fromEnv } from "@aws-sdk/credential-provider-env";
import { fromHttp } from "@aws-sdk/credential-provider-http";

/** What the clients of the AWS SDK pass to their credential provider. */
type Options = NonNullable<Parameters<typeof fromHttp>[0]>;

/**
 * The credentials of a deployed process: Lambda sets them as variables, ECS serves them over HTTP. In a bundle this is
 * the SDK's default provider, whose other sources (profiles, single sign-on, commands) each cold start would parse.
 */
export function defaultProvider(options: Options = {}) {
  const { AWS_ACCESS_KEY_ID, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, AWS_CONTAINER_CREDENTIALS_FULL_URI } =
    process.env;
  const served = AWS_CONTAINER_CREDENTIALS_RELATIVE_URI ?? AWS_CONTAINER_CREDENTIALS_FULL_URI;
  return !AWS_ACCESS_KEY_ID && served ? fromHttp(options) : fromEnv(options);
}
