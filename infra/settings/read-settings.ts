import * as pulumi from "@pulumi/pulumi";
import { declared, type Settings } from "../config.ts";
import { readAll } from "./read-all.ts";
import { rules } from "./rules.ts";

/** Reads the stack's configuration. Throws ConfigurationInvalidError with all problems at once. */
export function readSettings(): Settings {
  return readAll<typeof declared, Settings>(declared, rules, {
    project: pulumi.getProject(),
    stack: pulumi.getStack(),
    values: pulumi.runtime.allConfig(),
    isSecret,
  });
}

/** Whether the key was set with --secret. The SDK knows, though its types do not say so. */
function isSecret(key: string): boolean {
  const runtime = pulumi.runtime as { isConfigSecret?: (key: string) => boolean };
  return runtime.isConfigSecret?.(key) ?? true;
}
