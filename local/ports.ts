import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { PortInUseError } from "./endpoint/endpoint.ts";

/**
 * Below the range from which Linux and macOS serve sockets that ask for any port: such a socket would otherwise take the
 * port before the program that is about to be started does.
 */
const range = { from: 15_000, to: 32_000 };
const maxAttempts = 100;

/** Returns a free loopback port for a program that needs its port as a parameter. */
export async function freePort(): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = randomInt(range.from, range.to);
    try {
      await listenBriefly(port);
      return port;
    } catch (error) {
      if (!isInUse(error) || attempt === maxAttempts) throw error;
    }
  }
}

/** Throws PortInUseError for the first port that something listens on. */
export async function checkFree(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    await listenBriefly(port).catch((cause: unknown) => {
      throw isInUse(cause) ? new PortInUseError(port, { cause }) : cause;
    });
  }
}

function isInUse(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "EADDRINUSE";
}

async function listenBriefly(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  await new Promise((resolve) => server.close(resolve));
}
