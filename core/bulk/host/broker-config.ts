import * as z from "zod";

/** The environment variables that every process of the bulk API has. */
export const brokerConfig = {
  /** Name of the secret with the URL, which includes the password. */
  BROKER_URL_SECRET: z.string().min(1),
  /** Stacks that share a broker use separate namespaces. */
  BROKER_NAMESPACE: z.string().regex(/^[a-z0-9-]+$/),
};
