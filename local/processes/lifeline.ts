import { Socket } from "node:net";

/** A pipe from the stack that closes when the stack ends, however it ends. */
const descriptor = 3;

/** To be called first in a program that the stack starts: with the stack, it and all that it started end. */
export function dieWithTheStack(): void {
  const lifeline = new Socket({ fd: descriptor, readable: true, writable: false });
  lifeline.on("error", () => {});
  lifeline.on("close", () => process.kill(-process.pid, "SIGKILL"));
  lifeline.resume().unref();
}
