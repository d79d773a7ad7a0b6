import { catchUpConfig, catchUpSecrets } from "./catch-up-stack.ts";
import type { Deployment, Wanted } from "./deploy.ts";
import { deployStack, secrets } from "./stacks.ts";

export const bulkSecrets = {
  "bulk:apiKey": "bulk-callers-key-known-only-here",
  "bulk:redisPassword": "bulk-redis-password-known-only-here",
};

export const imageSecrets = {
  "images:anthropicApiKey": "anthropic-key-known-only-here",
  "images:voyageApiKey": "voyage-key-known-only-here",
  "images:otlpHeaders": "x-api-key=collector-key-known-only-here",
};

/** A stack with the bulk API (default: dev) and further settings. */
export function deployBulk(
  settings: Readonly<Record<string, string>> = {},
  { stack = "dev", ...wanted }: Partial<Wanted> = {},
): Promise<Deployment> {
  return deployStack(stack, {
    ...wanted,
    config: { ...catchUpConfig, "bulk:enabled": "true", ...settings },
    secrets: { ...secrets, ...catchUpSecrets, ...bulkSecrets, ...wanted.secrets },
  });
}
