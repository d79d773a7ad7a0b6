import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";

/** The answer of a conditional write; undefined where its condition refused it. */
export async function unlessConditionFailed<Answer>(write: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}
