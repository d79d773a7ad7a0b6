import { list, oneOf, yesOrNo } from "./settings/setting.ts";

/** Who may call the catch-up API, and from where; catch-up-settings.ts has them among its own. */
export const catchUpApiSettings = {
  authorization: oneOf({
    default: "key",
    values: ["key", "key-and-iam"],
    means:
      "What callers of the catch-up API show: the key, or the key and a SigV4 signature of a principal who may execute-api:Invoke.",
    because: "A key is what existing callers have; IAM needs credentials of AWS at each of them.",
  }),
  allowedCidrs: list({
    form: {
      pattern: /^(\d{1,3}\.){3}\d{1,3}\/([89]|[12]\d|3[0-2])$/,
      says: "an IPv4 range of /8 to /32, as 203.0.113.0/24",
    },
    means: "Address ranges from which the catch-up API may be called, its health check too.",
    because: "Without one callers may be anywhere, and show what catchup:authorization asks for.",
  }),
  allowedAccounts: list({
    form: { pattern: /^\d{12}$/, says: "the 12 digits of an AWS account" },
    means:
      "Other AWS accounts whose principals may call the catch-up API, as far as their own policies let them.",
    because: "Without one only principals of the stack's account may.",
  }),
  corsOrigins: list({
    form: {
      pattern: /^(https:\/\/[a-z0-9.-]+|http:\/\/(localhost|127\.0\.0\.1))(:\d{1,5})?$/,
      says: "an origin in lower case without a path, as https://app.example.com",
    },
    means: "Origins whose pages may call the catch-up API from a browser.",
    because: "Without one no browser lets any page call it, and programs need none.",
  }),
  accessLog: yesOrNo({
    default: false,
    means: "Whether each request of the catch-up API is logged, refusals of API Gateway too.",
    because: "AWS refuses it where the account's API Gateway has no role for CloudWatch.",
  }),
  accessLogRole: yesOrNo({
    default: false,
    means:
      "Whether the stack sets the role by which API Gateway writes the logs of every API of the account and region; it stays when the stack is deleted.",
    because: "It is the account's, one for all, and another stack or team may have set it.",
  }),
} as const;
