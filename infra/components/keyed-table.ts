import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface KeyedTableArgs {
  /** Whether the table has deletion protection. */
  readonly keepData: boolean;
  /** Whether the table has a stream with old and new images. */
  readonly stream: boolean;
  /** TTL attribute in epoch seconds; DynamoDB deletes expired items eventually. @default items do not expire */
  readonly expiry?: string;
  /** A global secondary index with two more string attributes that projects all attributes. @default none */
  readonly index?: { readonly name: string; readonly hashKey: string; readonly rangeKey: string };
}

/** An encrypted on-demand table with string keys PK and SK, with point-in-time recovery over 35 days. */
export class KeyedTable extends pulumi.ComponentResource {
  readonly table: aws.dynamodb.Table;

  constructor(name: string, args: KeyedTableArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:KeyedTable", name, {}, options);
    const { index } = args;
    this.table = new aws.dynamodb.Table(
      name,
      {
        name,
        billingMode: "PAY_PER_REQUEST",
        hashKey: "PK",
        rangeKey: "SK",
        attributes: ["PK", "SK", ...(index ? [index.hashKey, index.rangeKey] : [])].map((attribute) => ({
          name: attribute,
          type: "S",
        })),
        ...(index && { globalSecondaryIndexes: [indexOf(index)] }),
        ...(args.expiry !== undefined && { ttl: { attributeName: args.expiry, enabled: true } }),
        ...(args.stream && { streamEnabled: true, streamViewType: "NEW_AND_OLD_IMAGES" }),
        pointInTimeRecovery: { enabled: true },
        serverSideEncryption: { enabled: true },
        deletionProtectionEnabled: args.keepData,
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}

function indexOf({ name, hashKey, rangeKey }: NonNullable<KeyedTableArgs["index"]>) {
  return {
    name,
    keySchemas: [
      { attributeName: hashKey, keyType: "HASH" },
      { attributeName: rangeKey, keyType: "RANGE" },
    ],
    projectionType: "ALL",
  };
}
