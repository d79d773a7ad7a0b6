import type { Keeper } from "../kept/kept-state.ts";
import type { Digests } from "./digest.ts";

/** Who calls, as the endpoint read it from the request's access key. */
export interface Caller {
  /** For example `arn:aws:sts::000000000000:assumed-role/vectorkeep-local-embed/local`. */
  readonly arn: string;
  /** Whether the caller's policies allow this; for answers that depend on a second permission. */
  allows(permission: Permission): boolean;
}

/** A call to the local AWS, after the endpoint has determined its caller and service. */
export interface ApiCall {
  /** SigV4 service name: `sqs`, `s3`, `dynamodb`, `lambda`, `logs`, `secretsmanager`, ... */
  readonly service: string;
  readonly method: string;
  /** Its origin is the endpoint's own, whatever Host header was sent. */
  readonly url: URL;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Digests of the body as received; undefined for a framed body (aws-chunked). */
  readonly digests?: Digests;
  readonly caller: Caller;
  /** Aborted when the caller hangs up before it is answered. */
  readonly signal: AbortSignal;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer | string;
}

/** One permission that a call needs, in IAM's terms. */
export interface Permission {
  /** For example `sqs:SendMessage`. */
  readonly action: string;
  /** ARN, or `*` if the action has no resource. */
  readonly resource: string;
  /** Condition keys of this call beyond the global ones, for example `s3:prefix`. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

/** One AWS service of the local stack, with that service's wire protocol. */
export interface LocalService {
  /** The SigV4 service names that it answers to. */
  readonly names: readonly string[];
  /** Returns the required permissions. Throws AwsError for an unknown call. */
  permissions(call: ApiCall): readonly Permission[];
  /** Throws AwsError; the endpoint renders it in the service's own error format. */
  handle(call: ApiCall): Promise<Reply>;
  /** An AwsError in the wire format of this service. */
  renderError(error: AwsError, call: ApiCall): Reply;
  /** The service's state that is kept across restarts, if any. */
  readonly keeper?: Keeper;
  /** Resolves when deferred work of earlier calls has finished or was abandoned. Called after the last call. */
  settle?(): Promise<void>;
  close?(): Promise<void>;
}

/** An error as AWS answers it. */
export class AwsError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "AwsError";
    this.status = status;
    this.code = code;
  }
}

/** The caller's policies do not allow the call; in AWS's words. */
export class AccessDeniedError extends AwsError {
  constructor(caller: Caller, permission: Permission, reason: string) {
    super(
      403,
      "AccessDeniedException",
      `User: ${caller.arn} is not authorized to perform: ${permission.action} on resource: ${permission.resource} ${reason}`,
    );
  }
}
