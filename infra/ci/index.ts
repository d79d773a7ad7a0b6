import { continuousIntegration } from "./program.ts";

/** The Pulumi runner calls the default export and takes what it resolves to as the stack's outputs. */
export default continuousIntegration;
