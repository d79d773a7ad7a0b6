/** What API Gateway knows of a caller. */
export interface CallerIdentity {
  readonly apiKeyId?: string | null | undefined;
  readonly userArn?: string | null | undefined;
}

/**
 * The user whose images a caller searches: that of its key, or, for a signed request, the name of the IAM user or of the
 * role's session. Undefined if neither names one. Nothing in the request itself can name another user.
 */
export function userOf(
  { apiKeyId, userArn }: CallerIdentity,
  usersByKeyId: Readonly<Record<string, string>>,
): string | undefined {
  if (userArn) return userArn.split("/").at(-1) || undefined;
  return apiKeyId ? usersByKeyId[apiKeyId] : undefined;
}
