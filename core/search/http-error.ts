/** An error that is answered with its HTTP status. The message is shown to the caller. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: string;
  readonly problems: readonly string[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    more: { problems?: readonly string[]; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.name = "HttpError";
    this.status = status;
    this.code = code;
    this.problems = more.problems ?? [];
    this.headers = more.headers ?? {};
  }

  body(): object {
    const { code, message, problems } = this;
    return { error: { code, message, ...(problems.length === 0 ? {} : { problems }) } };
  }
}
