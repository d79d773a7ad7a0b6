import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";

/** The response of a conditional write; undefined if its condition failed. */
export async function unlessConditionFailed<Answer>(write: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}
