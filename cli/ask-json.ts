import { z } from "zod";

const refusal = z.object({ message: z.string() });

/** The errors for the responses of an API. */
export interface AskErrors {
  /** A retry may succeed. */
  unreachable(what: string, options?: ErrorOptions): Error;
  refused(status: number, message: string): Error;
}

/** Returns the JSON of a response. Throws the matching error for any other response. */
export async function askJson(
  send: () => Promise<Response>,
  { unreachable, refused }: AskErrors,
): Promise<unknown> {
  const answer = await send().catch((cause: unknown) => {
    throw unreachable("there is no connection", { cause });
  });
  const said: unknown = await answer.json().catch(() => undefined);
  if (answer.ok) return said;
  const { message } = refusal.safeParse(said).data ?? { message: answer.statusText };
  if (answer.status === 429 || answer.status >= 500) throw unreachable(`HTTP ${answer.status} ${message}`);
  throw refused(answer.status, message);
}
