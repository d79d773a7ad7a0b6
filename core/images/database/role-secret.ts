import { randomBytes } from "node:crypto";
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import * as z from "zod";
import { jsonOf } from "../../text/json-of.ts";

/** The role of the functions. */
export const roleName = "vectorkeep_images";

const credentials = z.object({ username: z.string(), password: z.string().min(16) });

/** Returns the password of the role. It is generated here once, so that no deployment state contains it. */
export async function rolePassword(client: SecretsManagerClient, secretId: string): Promise<string> {
  const stored = await client
    .send(new GetSecretValueCommand({ SecretId: secretId }))
    .catch((error: unknown) => {
      // A new secret has no value yet.
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    });
  const known = credentials.safeParse(jsonOf(stored?.SecretString ?? ""));
  if (known.success && known.data.username === roleName) return known.data.password;
  const password = randomBytes(24).toString("base64url");
  const SecretString = JSON.stringify({ username: roleName, password });
  await client.send(new PutSecretValueCommand({ SecretId: secretId, SecretString }));
  return password;
}
