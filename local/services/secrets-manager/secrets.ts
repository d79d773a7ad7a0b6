import { randomBytes, randomUUID } from "node:crypto";
import { accountId, region } from "../../protocol/account.ts";
import { AwsError } from "../../protocol/service.ts";

export interface SecretValue {
  readonly SecretString?: string | undefined;
  /** base64 */
  readonly SecretBinary?: string | undefined;
}

export interface SecretVersion extends SecretValue {
  readonly id: string;
  /** Epoch seconds. */
  readonly createdAt: number;
}

export interface Secret {
  readonly name: string;
  readonly arn: string;
  readonly description: string | undefined;
  readonly createdAt: number;
  current: SecretVersion | undefined;
  previous: SecretVersion | undefined;
}

/** Secrets in memory, found by name, by ARN, or by ARN without its random suffix. */
export class Secrets {
  private readonly byName = new Map<string, Secret>();

  /** Throws ResourceExistsException. */
  create(name: string, description: string | undefined, value: SecretValue): Secret {
    if (this.byName.has(name)) {
      throw new AwsError(
        400,
        "ResourceExistsException",
        `The operation failed because the secret ${name} already exists.`,
      );
    }
    const suffix = randomBytes(3).toString("hex");
    const secret: Secret = {
      name,
      arn: `${secretArn(name)}-${suffix}`,
      description,
      createdAt: nowInSeconds(),
      current: undefined,
      previous: undefined,
    };
    this.byName.set(name, secret);
    if (value.SecretString !== undefined || value.SecretBinary !== undefined) this.putValue(secret, value);
    return secret;
  }

  putValue(secret: Secret, value: SecretValue): SecretVersion {
    const version = { ...value, id: randomUUID(), createdAt: nowInSeconds() };
    secret.previous = secret.current;
    secret.current = version;
    return version;
  }

  find(id: string): Secret | undefined {
    return (
      this.byName.get(id) ??
      this.all().find(({ arn }) => arn === id || arn.slice(0, -"-abcdef".length) === id)
    );
  }

  all(): Secret[] {
    return [...this.byName.values()];
  }
}

/** The ARN of a secret's name, to which Secrets Manager adds `-` and six characters. */
export function secretArn(name: string): string {
  return `arn:aws:secretsmanager:${region}:${accountId}:secret:${name}`;
}

function nowInSeconds(): number {
  return Date.now() / 1000;
}
