/** Ends a line on stdout and stderr when an invocation's handler has ended. */
export const endOfInvocation = "\u0000end";
