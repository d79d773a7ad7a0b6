import { fromEnv } from "@aws-sdk/credential-provider-env";
import { fromHttp } from "@aws-sdk/credential-provider-http";

/** The options that AWS SDK clients pass to their credential provider. */
type Options = NonNullable<Parameters<typeof fromHttp>[0]>;

/**
 * Returns the credentials of a deployed process: Lambda sets them as variables, ECS serves them over HTTP. Bundles use
 * this instead of the SDK's default provider, whose other sources (profiles, single sign-on, commands) would be parsed
 * at each cold start.
 */
export function defaultProvider(options: Options = {}) {
  const { AWS_ACCESS_KEY_ID, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, AWS_CONTAINER_CREDENTIALS_FULL_URI } =
    process.env;
  const served = AWS_CONTAINER_CREDENTIALS_RELATIVE_URI ?? AWS_CONTAINER_CREDENTIALS_FULL_URI;
  return !AWS_ACCESS_KEY_ID && served ? fromHttp(options) : fromEnv(options);
}
