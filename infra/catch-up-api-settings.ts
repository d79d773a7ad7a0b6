import { list } from "./settings/setting.ts";

/** Who may call the catch-up API, and from where; catch-up-settings.ts has them among its own. */
export const catchUpApiSettings = {
  corsOrigins: list({
    form: {
      pattern: /^(https:\/\/[a-z0-9.-]+|http:\/\/(localhost|127\.0\.0\.1))(:\d{1,5})?$/,
      says: "an origin in lower case without a path, as https://app.example.com",
    },
    means: "Origins whose pages may call the catch-up API from a browser.",
    because: "Without one no browser lets any page call it, and programs need none.",
  }),
} as const;
