import * as z from "zod";
import { environmentOf } from "../../infra/components/environment.ts";

const config = z.object({
  AWS_REGION: z.string(),
  TABLE: z.string(),
  SECONDS: z.coerce.number(),
  URL: z.url().optional(),
});

test("the compiler refuses an environment without a variable, with a misspelt one, or of no schema", () => {
  const variables = { TABLE: "table", SECONDS: "5" };
  expect(environmentOf<typeof config>(variables)).toEqual(variables);
  expect(environmentOf<typeof config>({ ...variables, URL: "https://example.com" })).toHaveProperty("URL");
  // @ts-expect-error SECONDS is missing
  environmentOf<typeof config>({ TABLE: "table" });
  // @ts-expect-error URLS is not a variable of the schema
  environmentOf<typeof config>({ TABLE: "table", SECONDS: "5", URLS: "" });
  // @ts-expect-error a number is no text
  environmentOf<typeof config>({ TABLE: "table", SECONDS: 5 });
  // @ts-expect-error no schema is named
  environmentOf(variables);
});
