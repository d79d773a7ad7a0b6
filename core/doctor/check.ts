import { cutMessage } from "../text/cut-message.ts";
import { VectorkeepError } from "../vectorkeep-error.ts";

export type Status = "ok" | "warn" | "fail";

/** The result of a check, in one sentence. */
export interface Finding {
  readonly status: Status;
  readonly says: string;
  /** The remedy. */
  readonly todo?: string;
}

/** Checks one part of a stack. A rejection is a failure of this check alone. */
export interface Check {
  readonly name: string;
  run(): Promise<readonly Finding[]>;
}

export interface Checked {
  readonly check: string;
  readonly findings: readonly Finding[];
}

export const ok = (says: string): Finding => ({ status: "ok", says });
export const warn = (says: string, todo: string): Finding => ({ status: "warn", says, todo });
export const fail = (says: string, todo: string): Finding => ({ status: "fail", says, todo });

/** Runs all checks concurrently and independently. Never rejects. */
export function runChecks(checks: readonly Check[], maxMs: number): Promise<Checked[]> {
  return Promise.all(
    checks.map(async (check) => ({ check: check.name, findings: await findingsOf(check, maxMs) })),
  );
}

/** The worst status. */
export function statusOf(checked: readonly Checked[]): Status {
  const found = new Set(checked.flatMap(({ findings }) => findings.map(({ status }) => status)));
  return (["fail", "warn"] as const).find((status) => found.has(status)) ?? "ok";
}

async function findingsOf(check: Check, maxMs: number): Promise<readonly Finding[]> {
  const tooLate = Promise.withResolvers<readonly Finding[]>();
  const timer = setTimeout(
    () =>
      tooLate.resolve([
        fail(`There was no response within ${maxMs / 1000} s.`, "Check the network connection to it."),
      ]),
    maxMs,
  );
  try {
    return await Promise.race([check.run(), tooLate.promise]);
  } catch (error) {
    return [failureOf(error)];
  } finally {
    clearTimeout(timer);
  }
}

function failureOf(error: unknown): Finding {
  if (error instanceof VectorkeepError) {
    return fail(cutMessage(error.message.replace(error.remedy, "").trim()), error.remedy);
  }
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return fail(
    cutMessage(`${name}: ${message}`),
    "Check the credentials of this shell and the deployed stack.",
  );
}
