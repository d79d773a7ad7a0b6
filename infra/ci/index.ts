import { continuousIntegration } from "./program.ts";

/** The Pulumi runner calls the default export and uses its result as the stack's outputs. */
export default continuousIntegration;
