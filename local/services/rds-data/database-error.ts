import type { SqlFailure } from "../../postgres/messages.ts";
import { AwsError } from "../../protocol/service.ts";

/** What the Data API makes of an error of the database: one text that ends with the SQLSTATE. */
export function databaseError({ message, sqlState, detail, hint }: SqlFailure): AwsError {
  const lines = [
    message,
    ...(detail === undefined ? [] : [`  Detail: ${detail}`]),
    ...(hint === undefined ? [] : [`  Hint: ${hint}`]),
  ];
  return new AwsError(400, "DatabaseErrorException", `${lines.join("\n")}; SQLState: ${sqlState}`);
}
