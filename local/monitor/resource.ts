import type { Deployment } from "./deployment.ts";
import type { Properties } from "./properties.ts";

/** A resource that the program declares, its inputs resolved and without Pulumi's wrappers. */
export interface Declared {
  /** For example `aws:sqs/queue:Queue`. */
  readonly type: string;
  /** Its logical name in the program. */
  readonly name: string;
  readonly inputs: Properties;
}

/** The outputs that the cloud would return. Inputs are outputs too and need not be repeated here. */
export interface Created {
  readonly id: string;
  readonly outputs?: Properties;
}

/** Creates a resource of one type. Rejects with the problem. */
export type Creator = (declared: Declared, deployment: Deployment) => Promise<Created> | Created;

/** Creators by resource type. */
export type Creators = Readonly<Record<string, Creator>>;
