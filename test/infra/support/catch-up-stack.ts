import { type Deployment, ofType, type Wanted } from "./deploy.ts";
import { deployStack, secrets } from "./stacks.ts";

export const catchUpSecrets = {
  "catchup:apiKey": "callers-key-known-only-here",
  "catchup:pineconeApiKey": "pinecone-key-known-only-here",
  "catchup:metabaseApiKey": "metabase-key-known-only-here",
};

export const catchUpConfig = {
  "catchup:enabled": "true",
  "catchup:pineconeHost": "https://records.pinecone.example",
  "catchup:metabaseUrl": "https://metabase.example",
};

/** A stack with the catch-up system (default: dev) and further settings. */
export function deployCatchUp(
  settings: Readonly<Record<string, string>> = {},
  { stack = "dev", ...wanted }: Partial<Wanted> = {},
): Promise<Deployment> {
  return deployStack(stack, {
    ...wanted,
    config: { ...catchUpConfig, ...settings },
    secrets: { ...secrets, ...catchUpSecrets, ...wanted.secrets },
  });
}

/** One that takes CSV files only. */
export function deployWithoutMetabase(): Promise<Deployment> {
  const { "catchup:metabaseUrl": _, ...csvOnly } = catchUpConfig;
  const { "catchup:metabaseApiKey": __, ...keys } = catchUpSecrets;
  return deployStack("dev", { config: csvOnly, secrets: { ...secrets, ...keys } });
}

export function environmentOf(stack: Deployment, functionName: string): Record<string, string> {
  const found = ofType(stack, "aws:lambda/function:Function").get(functionName);
  return (found as { environment: { variables: Record<string, string> } }).environment.variables;
}
