import { CreateSecretCommand, PutSecretValueCommand } from "@aws-sdk/client-secrets-manager";
import { z } from "zod";
import { parseInputs } from "../inputs.ts";
import { physicalName } from "../names.ts";
import type { Creators } from "../resource.ts";

const secret = z.object({ name: z.string().optional(), description: z.string().optional() });
const secretVersion = z.object({ secretId: z.string(), secretString: z.string() });

export const secretsManagerCreators: Creators = {
  async "aws:secretsmanager/secret:Secret"({ name, inputs }, { secrets }) {
    const { name: given, description } = parseInputs(secret, inputs);
    const { ARN = "", Name } = await secrets.send(
      new CreateSecretCommand({ Name: physicalName(given, name), Description: description }),
    );
    return { id: ARN, outputs: { arn: ARN, name: Name } };
  },

  async "aws:secretsmanager/secretVersion:SecretVersion"({ inputs }, { secrets }) {
    const { secretId, secretString } = parseInputs(secretVersion, inputs);
    const { ARN, VersionId } = await secrets.send(
      new PutSecretValueCommand({ SecretId: secretId, SecretString: secretString }),
    );
    return { id: `${ARN}|${VersionId}`, outputs: { arn: ARN, versionId: VersionId } };
  },
};
