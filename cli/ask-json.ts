import { z } from "zod";

const refusal = z.object({ message: z.string() });

/** The errors of an API that is asked. */
export interface AskErrors {
  /** Asking again may help. */
  unreachable(what: string, options?: ErrorOptions): Error;
  refused(status: number, message: string): Error;
}

/** The JSON that a request is answered with. Throws what the errors make of any other answer. */
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
