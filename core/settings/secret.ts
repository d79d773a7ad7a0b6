import { getSecret } from "@aws-lambda-powertools/parameters/secrets";
import { VectorkeepError } from "../vectorkeep-error.ts";

const cachedSeconds = 300;

/** A required secret has no value, or the process is not allowed to read it. */
export class SecretMissingError extends VectorkeepError {
  constructor(name: string, setting: string, options?: ErrorOptions) {
    super(
      `The secret ${name} has no value that this process can read.`,
      `Set it with \`pulumi config set --secret ${setting}\` and deploy again.`,
      options,
    );
  }
}

/**
 * Returns the value of a secret in Secrets Manager, cached for five minutes. `setting` is its key in Pulumi's
 * configuration. Throws SecretMissingError, also for an empty value.
 */
export async function readSecret(name: string, setting: string): Promise<string> {
  const value = await getSecret(name, { maxAge: cachedSeconds }).catch((cause: unknown) => {
    throw new SecretMissingError(name, setting, { cause });
  });
  if (typeof value !== "string" || value.trim() === "") throw new SecretMissingError(name, setting);
  return value;
}
