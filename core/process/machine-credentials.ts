import { fromInstanceMetadata } from "@smithy/credential-provider-imds";
import { defaultProvider as ofContainer } from "./aws-credentials.ts";

/** Returns the credentials of a process that may also run on EC2, where the instance metadata has them. */
export function defaultProvider(options: Parameters<typeof ofContainer>[0] = {}) {
  const { AWS_ACCESS_KEY_ID, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, AWS_CONTAINER_CREDENTIALS_FULL_URI } =
    process.env;
  const isGiven =
    AWS_ACCESS_KEY_ID ?? AWS_CONTAINER_CREDENTIALS_RELATIVE_URI ?? AWS_CONTAINER_CREDENTIALS_FULL_URI;
  return isGiven === undefined ? fromInstanceMetadata() : ofContainer(options);
}
