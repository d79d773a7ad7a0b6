/** Where a server is. */
export const address = { pattern: /^https?:\/\/[^\s/]+(\/\S*)?$/, says: "an http or https address" };
