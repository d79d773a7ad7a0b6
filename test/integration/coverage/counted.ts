/** Bundled by last-counts.test.ts: says that it has run, and stays until it is killed. */
import { sizeOf } from "./sizes.ts";

setInterval(() => {}, 60_000);
console.log(sizeOf(process.argv.length));
