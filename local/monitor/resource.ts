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

/** What the cloud would have answered. Inputs are outputs too, without being repeated here. */
export interface Created {
  readonly id: string;
  readonly outputs?: Properties;
}

/** Creates a resource of one type. Rejects with what is wrong with it. */
export type Creator = (declared: Declared, deployment: Deployment) => Promise<Created> | Created;

/** Creators by resource type. */
export type Creators = Readonly<Record<string, Creator>>;
