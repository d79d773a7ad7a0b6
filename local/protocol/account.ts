/** The account and region that everything local lives in. */
export const accountId = "000000000000";
export const region = "us-east-1";
