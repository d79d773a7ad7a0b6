import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface KeyedTableArgs {
  /** Whether the table refuses to be deleted. */
  readonly keepData: boolean;
  /** Whether every change is published, with the item before and after it. */
  readonly stream: boolean;
  /** Attribute (epoch seconds) after which DynamoDB removes an item, some time. @default none, items stay */
  readonly expiry?: string;
  /** An index over whole items, by two more string attributes. @default none */
  readonly index?: { readonly name: string; readonly hashKey: string; readonly rangeKey: string };
}

/** An encrypted on-demand table with string keys PK and SK, restorable to any second of the last 35 days. */
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
