import { z } from "zod";
import { jsonAction, jsonError, jsonInput, jsonReply } from "../../endpoint/json-protocol.ts";
import { AwsError, type LocalService, type Permission } from "../../protocol/service.ts";
import { type Secret, Secrets, type SecretVersion, secretArn } from "./secrets.ts";

type Output = Record<string, unknown>;

const text = z.string().min(1);
const value = { SecretString: z.string().optional(), SecretBinary: z.string().optional() };
const inputs = {
  CreateSecret: z.object({ Name: text, Description: z.string().optional(), ...value }),
  PutSecretValue: z.object({ SecretId: text, ...value }),
  GetSecretValue: z.object({
    SecretId: text,
    VersionId: z.string().optional(),
    VersionStage: z.enum(["AWSCURRENT", "AWSPREVIOUS"]).optional(),
  }),
  DescribeSecret: z.object({ SecretId: text }),
  ListSecrets: z.object({}),
} as const;

type Action = keyof typeof inputs;

/** AWS Secrets Manager, in memory and without rotation. */
export function secretsManagerService(secrets = new Secrets()): LocalService {
  const actions: { [Name in Action]: (input: z.infer<(typeof inputs)[Name]>) => Output } = {
    CreateSecret({ Name, Description, ...initial }) {
      const secret = secrets.create(Name, Description, initial);
      return { ARN: secret.arn, Name, VersionId: secret.current?.id };
    },
    PutSecretValue({ SecretId, ...next }) {
      const secret = existing(secrets, SecretId);
      const version = secrets.putValue(secret, next);
      return { ARN: secret.arn, Name: secret.name, VersionId: version.id, VersionStages: ["AWSCURRENT"] };
    },
    GetSecretValue({ SecretId, VersionId, VersionStage }) {
      const secret = existing(secrets, SecretId);
      const version = wantedVersion(secret, VersionId, VersionStage);
      return {
        ARN: secret.arn,
        Name: secret.name,
        VersionId: version.id,
        VersionStages: [version === secret.current ? "AWSCURRENT" : "AWSPREVIOUS"],
        CreatedDate: version.createdAt,
        SecretString: version.SecretString,
        SecretBinary: version.SecretBinary,
      };
    },
    DescribeSecret: ({ SecretId }) => describe(existing(secrets, SecretId)),
    ListSecrets: () => ({ SecretList: secrets.all().map(describe) }),
  };

  return {
    names: ["secretsmanager"],
    permissions: (call) => permissions(secrets, knownAction(jsonAction(call)), jsonInput(call)),
    async handle(call) {
      const action = knownAction(jsonAction(call));
      const parsed = inputs[action].safeParse(jsonInput(call));
      if (!parsed.success)
        throw new AwsError(400, "InvalidParameterException", z.prettifyError(parsed.error));
      return jsonReply(call, (actions[action] as (input: unknown) => Output)(parsed.data));
    },
    renderError: (error, call) => jsonError(call, error),
  };
}

function permissions(secrets: Secrets, action: Action, input: Record<string, unknown>): Permission[] {
  if (action === "ListSecrets") return [{ action: "secretsmanager:ListSecrets", resource: "*" }];
  const id = String(input.SecretId ?? input.Name ?? "");
  const resource = secrets.find(id)?.arn ?? (id.startsWith("arn:") ? id : secretArn(id));
  return [{ action: `secretsmanager:${action}`, resource }];
}

function knownAction(action: string): Action {
  if (action in inputs) return action as Action;
  throw new AwsError(
    400,
    "UnknownOperationException",
    `The local Secrets Manager does not have "${action}".`,
  );
}

function existing(secrets: Secrets, id: string): Secret {
  const secret = secrets.find(id);
  if (secret !== undefined) return secret;
  throw new AwsError(400, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
}

function wantedVersion(secret: Secret, id: string | undefined, stage = "AWSCURRENT"): SecretVersion {
  const candidates = [secret.current, secret.previous];
  const version =
    id === undefined
      ? candidates[stage === "AWSCURRENT" ? 0 : 1]
      : candidates.find((candidate) => candidate?.id === id);
  if (version !== undefined) return version;
  throw new AwsError(
    400,
    "ResourceNotFoundException",
    `Secrets Manager can't find the specified secret value for ${id === undefined ? `staging label: ${stage}` : `VersionId: ${id}`}`,
  );
}

function describe(secret: Secret): Output {
  const versions = [
    [secret.current, "AWSCURRENT"],
    [secret.previous, "AWSPREVIOUS"],
  ] as const;
  return {
    ARN: secret.arn,
    Name: secret.name,
    Description: secret.description,
    CreatedDate: secret.createdAt,
    VersionIdsToStages: Object.fromEntries(
      versions.flatMap(([version, stage]) => (version === undefined ? [] : [[version.id, [stage]]])),
    ),
  };
}
