import { Socket } from "node:net";

/** A pipe from the stack that closes when the stack ends, however it ends. */
const descriptor = 3;

/** Ends this program and its child processes with the stack. Call it first in a program that the stack starts. */
export function dieWithTheStack(): void {
  const lifeline = new Socket({ fd: descriptor, readable: true, writable: false });
  lifeline.on("error", () => {});
  lifeline.on("close", () => process.kill(-process.pid, "SIGKILL"));
  lifeline.resume().unref();
}
