/** Runs a container's program, named by its first argument, so that it ends with the stack. */
import { pathToFileURL } from "node:url";
import { dieWithTheStack } from "../processes/lifeline.ts";

dieWithTheStack();
const [program = ""] = process.argv.splice(2, 1);
await import(pathToFileURL(program).href);
