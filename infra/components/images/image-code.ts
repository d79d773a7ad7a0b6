import type * as pulumi from "@pulumi/pulumi";

/** The code of the image flow's functions. */
export interface ImageCode {
  readonly processor: pulumi.asset.Archive;
  readonly analyzer: pulumi.asset.Archive;
  readonly embedder: pulumi.asset.Archive;
  readonly search: pulumi.asset.Archive;
  readonly watch: pulumi.asset.Archive;
  readonly migrate: pulumi.asset.Archive;
  /** Changes with the migrations. */
  readonly migrateHash: string;
}
