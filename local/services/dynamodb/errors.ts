import { AwsError } from "../../protocol/service.ts";
import type { Item } from "./values/attribute-value.ts";

/** A condition was not satisfied; `item` is returned to a caller that requested it. */
export class ConditionFailedError extends AwsError {
  readonly item: Item | undefined;

  constructor(item: Item | undefined) {
    super(400, "ConditionalCheckFailedException", "The conditional request failed");
    this.item = item;
  }
}

/** Why a part of a transaction failed; `None` for a part without a failure. */
export interface CancellationReason {
  readonly Code: string;
  readonly Message?: string;
  readonly Item?: Item;
}

/** Nothing of a transaction was done. */
export class TransactionCanceledError extends AwsError {
  readonly reasons: readonly CancellationReason[];

  constructor(reasons: readonly CancellationReason[]) {
    const codes = reasons.map(({ Code }) => Code).join(", ");
    super(
      400,
      "TransactionCanceledException",
      `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    );
    this.reasons = reasons;
  }
}

export function tableNotFound(name: string): AwsError {
  return new AwsError(
    400,
    "ResourceNotFoundException",
    `Requested resource not found: Table: ${name} not found`,
  );
}
