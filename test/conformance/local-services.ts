import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Role } from "../../local/iam/iam.ts";

export interface LocalServices {
  readonly url: string;
  /** Of the front in a thread of its own. */
  readonly objectsUrl: string;
  /** Options for an SDK client that calls as the administrator, or under the given access key. */
  client(accessKeyId?: string): {
    endpoint: string;
    region: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
    maxAttempts: number;
  };
  /** Ends the process and rejects if it does not end by itself, cleanly. */
  stop(): Promise<void>;
}

/** Starts the services in a process of their own: fauxqs is ESM only, which Jest cannot load. */
export async function startLocalServices(roles: readonly Role[] = []): Promise<LocalServices> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "serve.ts"), JSON.stringify(roles)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), "line"),
    exited.then(([code]) =>
      Promise.reject(new Error(`The services ended with ${code} before they were up.`)),
    ),
  ])) as [string];
  const { url, objectsUrl } = JSON.parse(line);
  return {
    url,
    objectsUrl,
    client: (accessKeyId = "local") => ({
      endpoint: url,
      region: "us-east-1",
      credentials: { accessKeyId, secretAccessKey: accessKeyId },
      maxAttempts: 1,
    }),
    async stop() {
      child.stdin.end();
      const overdue = setTimeout(() => child.kill("SIGKILL"), 5_000);
      const [code] = await exited;
      clearTimeout(overdue);
      if (code !== 0) throw new Error(`The services did not end cleanly: ${code ?? "killed after 5 s"}.`);
    },
  };
}
