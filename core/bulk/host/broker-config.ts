import * as z from "zod";

/** What infra sets for every process of the bulk API. */
export const brokerConfig = {
  /** Name of the secret; its value is the URL with its password. */
  BROKER_URL_SECRET: z.string().min(1),
  /** Stacks that share a broker have a namespace each. */
  BROKER_NAMESPACE: z.string().regex(/^[a-z0-9-]+$/),
};
