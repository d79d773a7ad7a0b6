/** The identity of a caller, from API Gateway. */
export interface CallerIdentity {
  readonly apiKeyId?: string | null | undefined;
  readonly userArn?: string | null | undefined;
}

/**
 * Returns the user whose images a caller searches: the user of its key or, for a signed request, the name of the IAM
 * user or of the role's session. Undefined if neither identifies one. The request itself cannot select another user.
 */
export function userOf(
  { apiKeyId, userArn }: CallerIdentity,
  usersByKeyId: Readonly<Record<string, string>>,
): string | undefined {
  if (userArn) return userArn.split("/").at(-1) || undefined;
  return apiKeyId ? usersByKeyId[apiKeyId] : undefined;
}
