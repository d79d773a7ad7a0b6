/** Starts a program as the local stack does, ends it once it has printed a line, and prints how it ended. */
import { dirname } from "node:path";
import { Program } from "../../../local/processes/program.ts";

const [how, ...programArguments] = process.argv.slice(2);

const program = new Program({
  arguments: programArguments,
  folder: dirname(import.meta.filename),
  environment: {},
  onLine: end,
});
console.log(await program.ended);

function end(): void {
  if (how === "SIGTERM") process.kill(program.pid ?? 0, "SIGTERM");
  else program.kill();
}
