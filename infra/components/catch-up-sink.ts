import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { sinkConfig } from "../../core/catchup/host/sink-config.ts";
import type { VariablesOf } from "./environment.ts";
import { allow, readSecrets, type Statement } from "./permissions.ts";
import { StoredSecret } from "./stored-secret.ts";

/** The sink of catch-up: an existing server by its address, or a vector bucket of the stack. */
export type SinkArgs =
  | { readonly sink: "pinecone"; readonly address: string; readonly apiKey: pulumi.Output<string> }
  | {
      readonly sink: "chroma";
      readonly address: string;
      readonly apiKey: pulumi.Output<string> | undefined;
    }
  | { readonly sink: "s3vectors"; readonly keepData: boolean };

/** The environment and permissions that a process needs to write to the sink. */
export interface SinkAccess {
  readonly environment: VariablesOf<typeof sinkConfig>;
  readonly statements: readonly Statement[];
  /** For a process that only reads. */
  readonly readStatements: readonly Statement[];
  /** Values of secrets that a process must find. */
  readonly versions: readonly pulumi.Resource[];
}

/** Names of its resources begin with `name`. */
export function sinkAccess(name: string, args: SinkArgs, parent: pulumi.Resource): SinkAccess {
  return args.sink === "s3vectors"
    ? vectorBucketAccess(name, args.keepData, parent)
    : serverAccess(name, args, parent);
}

/** Needs no secret: the role of a process is its key. */
function vectorBucketAccess(name: string, keepData: boolean, parent: pulumi.Resource): SinkAccess {
  const bucket = new aws.s3.VectorsVectorBucket(
    `${name}-vectors`,
    { vectorBucketName: `${name}-vectors`, forceDestroy: !keepData },
    { parent },
  );
  const bucketStatement = allow(["s3vectors:GetVectorBucket"], [bucket.vectorBucketArn]);
  const ofIndexes = (actions: readonly string[]) =>
    allow(
      actions.map((action) => `s3vectors:${action}`),
      [pulumi.interpolate`${bucket.vectorBucketArn}/index/*`],
    );
  return {
    environment: {
      SINK: "s3vectors",
      SINK_PLACE: bucket.vectorBucketName,
      SINK_API_KEY_SECRET: "",
    },
    statements: [bucketStatement, ofIndexes(["CreateIndex", "GetIndex", "PutVectors", "GetVectors"])],
    readStatements: [bucketStatement, ofIndexes(["GetIndex", "GetVectors"])],
    versions: [],
  };
}

const titles = { pinecone: "Pinecone", chroma: "Chroma" };

function serverAccess(
  name: string,
  { sink, address, apiKey }: Exclude<SinkArgs, { sink: "s3vectors" }>,
  parent: pulumi.Resource,
): SinkAccess {
  const secret =
    apiKey &&
    new StoredSecret(
      `${name}-${sink}-api-key`,
      { description: `API key of ${titles[sink]}`, value: apiKey },
      { parent },
    );
  const statements = secret ? [readSecrets(secret)] : [];
  return {
    environment: {
      SINK: sink,
      SINK_PLACE: address,
      SINK_API_KEY_SECRET: secret?.name ?? "",
    },
    statements,
    readStatements: statements,
    versions: secret ? [secret.version] : [],
  };
}
