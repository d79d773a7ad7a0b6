import { gatewayAuthorization } from "./settings/gateway-authorization.ts";
import { boolean, list } from "./settings/setting.ts";

/** Access to the catch-up API; catch-up-settings.ts includes them. */
export const catchUpApiSettings = {
  authorization: gatewayAuthorization("the catch-up API"),
  allowedCidrs: list({
    form: {
      pattern: /^(\d{1,3}\.){3}\d{1,3}\/([89]|[12]\d|3[0-2])$/,
      says: "an IPv4 range of /8 to /32, as 203.0.113.0/24",
    },
    means: "CIDR ranges that may call the catch-up API, health checks included.",
    because: "By default any address may call it, subject to catchup:authorization.",
  }),
  allowedAccounts: list({
    form: { pattern: /^\d{12}$/, says: "the 12 digits of an AWS account" },
    means: "Other AWS accounts whose principals may call the catch-up API, if their own policies allow it.",
    because: "By default only principals of the stack's account may.",
  }),
  corsOrigins: list({
    form: {
      pattern: /^(https:\/\/[a-z0-9.-]+|http:\/\/(localhost|127\.0\.0\.1))(:\d{1,5})?$/,
      says: "an origin in lower case without a path, as https://app.example.com",
    },
    means: "Origins whose pages may call the catch-up API from a browser.",
    because: "By default no page in a browser may call it; other programs need no origin.",
  }),
  accessLog: boolean({
    default: false,
    means: "Log every request to the catch-up API, including those that API Gateway rejects.",
    because: "AWS refuses it where the account's API Gateway has no role for CloudWatch.",
  }),
  accessLogRole: boolean({
    default: false,
    means:
      "Let the stack set the account's role for API Gateway logs, which all APIs of the account and region share. It remains when the stack is deleted.",
    because: "It is the account's, one for all, and another stack or team may have set it.",
  }),
} as const;
