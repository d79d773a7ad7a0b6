import { RDSDataClient } from "@aws-sdk/client-rds-data";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DataApiDatabase } from "../../core/images/database/data-api-database.ts";
import { ItemStates } from "../../core/images/database/item-states.ts";
import { Items } from "../../core/images/database/items.ts";
import type { ResendDeps } from "../../core/images/verify/resend.ts";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";
import type { ImagesOutputs, StackOutputs } from "../target.ts";

/** The stack has no image flow. */
export class ImagesNotDeployedError extends VectorkeepError {
  constructor() {
    super(
      "This stack has no image flow.",
      "Enable it with `pulumi config set images:enabled true` and deploy again.",
    );
  }
}

/** Commands may have to wait for a paused database. */
const maxWaitMs = 5 * 60_000;

/** The parts of a stack's image flow that commands use. */
export interface StackImages extends ResendDeps {
  readonly outputs: ImagesOutputs;
  readonly states: ItemStates;
}

/** The AWS environment of the stack must be set. Throws ImagesNotDeployedError. */
export function stackImages({ images }: StackOutputs): StackImages {
  if (images === undefined) throw new ImagesNotDeployedError();
  const database = stackDatabase(images);
  return {
    outputs: images,
    s3: new S3Client({}),
    sqs: new SQSClient({}),
    states: new ItemStates(database),
    items: new Items(database),
    renditionsBucket: images.renditionsBucket,
    queueUrls: images.queueUrls,
  };
}

/** Returns the database, through the same API as the functions. */
export function stackDatabase({
  clusterArn,
  databaseSecretArn: secretArn,
  databaseName: database,
}: Pick<ImagesOutputs, "clusterArn" | "databaseSecretArn" | "databaseName">): DataApiDatabase {
  const giveUpAt = Date.now() + maxWaitMs;
  return new DataApiDatabase({ client: new RDSDataClient({}), clusterArn, secretArn, database, giveUpAt });
}
