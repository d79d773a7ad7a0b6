/** Runs a program, named by its arguments, so that it ends with the stack. */
import { spawn } from "node:child_process";
import { dieWithTheStack } from "../processes/lifeline.ts";

dieWithTheStack();
const [uid = "", command = "", ...options] = process.argv.slice(2);
const identity = uid === "" ? {} : { uid: Number(uid), gid: Number(uid) };
const child = spawn(command, options, { stdio: ["ignore", "inherit", "inherit"], ...identity });
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => child.kill(signal));
child.once("error", (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
child.once("exit", (code) => process.exit(code ?? 1));
