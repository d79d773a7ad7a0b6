/** Inputs or outputs of a resource, resolved and without Pulumi's wrappers. */
export type Properties = Readonly<Record<string, unknown>>;
