import { type ChildProcess, fork, type Serializable } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Announcement } from "./services/announce.ts";

/** A server in a process of its own. */
export type Service<Announced extends Announcement = Announcement> = Announced & {
  readonly pid: number;
  stop(): Promise<void>;
};

/** Starts a file of `services/`, with options for Node; resolves when it listens. */
export async function startService<Announced extends Announcement = Announcement>(
  file: string,
  args: readonly string[],
  execArgv: string[] = [],
): Promise<Service<Announced>> {
  const child = fork(join(import.meta.dirname, "services", file), args, { execArgv });
  const announced = await messageOf<Announced>(child, file);
  return { ...announced, pid: child.pid as number, stop: () => stop(child) };
}

/** Runs a file that is sent one message and answers with one. */
export async function runChild<Answer>(file: string, message: Serializable): Promise<Answer> {
  const child = fork(join(import.meta.dirname, file));
  try {
    child.send(message);
    return await messageOf<Answer>(child, file);
  } finally {
    await stop(child);
  }
}

async function messageOf<Message>(child: ChildProcess, file: string): Promise<Message> {
  const ended = once(child, "exit").then(([code, signal]) => {
    throw new Error(`${file} ended with ${signal ?? `code ${code}`} before it answered.`);
  });
  const [message] = await Promise.race([once(child, "message"), ended]);
  ended.catch(() => undefined);
  return message as Message;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}
