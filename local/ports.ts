import { type AddressInfo, createServer } from "node:net";
import { PortInUseError } from "./endpoint/endpoint.ts";

/** Returns a currently free loopback port, for a program that needs its port as a parameter. */
export function freePort(): Promise<number> {
  return listenBriefly(0);
}

/** Throws PortInUseError for the first port that something listens on. */
export async function checkFree(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    await listenBriefly(port).catch((cause: NodeJS.ErrnoException) => {
      throw cause.code === "EADDRINUSE" ? new PortInUseError(port, { cause }) : cause;
    });
  }
}

async function listenBriefly(wanted: number): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(wanted, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
