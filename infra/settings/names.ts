/**
 * The maximum length of `{project}-{stack}`. The longest suffix is that of the compaction worker's role: IAM allows 64
 * characters, of which Pulumi adds eight. A test deploys everything under such a name.
 */
export const maxStemLength = 32;

const form = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** Why the names of project and stack cannot form resource names. */
export function nameProblems({
  project,
  stack,
}: {
  readonly project: string;
  readonly stack: string;
}): string[] {
  const most = maxStemLength - project.length - 1;
  if (form.test(stack) && stack.length <= most) return [];
  return [
    `The stack's name "${stack}" must be at most ${most} lower-case letters, digits and single hyphens, and begin with a letter, ` +
      "because the names of all resources begin with it: rename it with `pulumi stack rename NAME`",
  ];
}
