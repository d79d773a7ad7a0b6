import type { Form } from "./setting.ts";

/** A key that travels in the header of a request. */
export const headerKey: Form = {
  pattern: /^[!-~]{1,4096}$/,
  says: "1 to 4096 printable ASCII characters without white space",
};

/** A key that callers send as x-api-key, within the lengths that API Gateway accepts. */
export const callersKey: Form = {
  pattern: /^[!-~]{20,128}$/,
  says: "20 to 128 printable ASCII characters without white space",
};

/** The URL of a server. */
export const address = { pattern: /^https?:\/\/[^\s/]+(\/\S*)?$/, says: "an http or https URL" };

/** Headers of a collector, as OpenTelemetry writes them in an environment variable. */
export const otlpHeaders: Form = {
  pattern: /^[\w-]+=[!-+\--~ ]+(,[\w-]+=[!-+\--~ ]+)*$/,
  says: "name=value, separated by commas; a comma within a value is %2C",
};
