import { join } from "node:path";

/**
 * Node keeps here what it has compiled of our code, for the processes that tests start: stripping types and compiling is
 * half of the work of starting a local AWS.
 */
export default function keepCompiledCode(): void {
  process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, "../node_modules/.cache/node");
}
