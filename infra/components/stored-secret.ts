import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface StoredSecretArgs {
  readonly description: string;
  readonly value: pulumi.Output<string>;
}

/** A secret in Secrets Manager (0.40 USD per month). Processes get its name and read the value at startup. */
export class StoredSecret extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;
  /** The secret's value: processes that read it at startup must depend on it. */
  readonly version: pulumi.Resource;

  constructor(name: string, args: StoredSecretArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:StoredSecret", name, {}, options);
    const inside = { parent: this };
    const secret = new aws.secretsmanager.Secret(name, { description: args.description }, inside);
    this.version = new aws.secretsmanager.SecretVersion(
      name,
      { secretId: secret.id, secretString: pulumi.secret(args.value) },
      inside,
    );
    this.name = secret.name;
    this.arn = secret.arn;
    this.registerOutputs();
  }
}
