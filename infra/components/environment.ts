import type * as pulumi from "@pulumi/pulumi";
import type * as z from "zod";

/** The variables that a process reads: the input of its schema, without those that AWS sets. */
export type VariablesOf<Schema extends z.ZodObject> = {
  readonly [Name in keyof z.input<Schema> as Name extends `AWS_${string}`
    ? never
    : Name]: pulumi.Input<string>;
};

declare const ofSchema: unique symbol;

/** Variables that the compiler has compared with the schema of a process. */
export type Environment = Readonly<Record<string, pulumi.Input<string>>> & { readonly [ofSchema]: true };

/**
 * The environment of a process whose configuration has this schema: `environmentOf<typeof sweeperConfig>({ ... })`. A name
 * that is missing or misspelt does not compile.
 */
export function environmentOf<Schema extends z.ZodObject = never>(
  variables: [Schema] extends [never] ? never : NoInfer<VariablesOf<Schema>>,
): Environment {
  return variables as object as Environment;
}
