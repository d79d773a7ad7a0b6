/** The trace header of a message is kept until this number of newer messages was sent. */
const maxTraced = 50_000;

/** The tracing header that each message was sent with, which fauxqs does not keep. */
export class TraceHeaders {
  readonly #byMessage = new Map<string, string>();

  note(header: string | undefined, messageIds: readonly unknown[]): void {
    if (header === undefined) return;
    for (const id of messageIds) if (typeof id === "string") this.#byMessage.set(id, header);
    for (const oldest of this.#byMessage.keys()) {
      if (this.#byMessage.size <= maxTraced) return;
      this.#byMessage.delete(oldest);
    }
  }

  /** The message with its header among its system attributes. */
  shown<Message extends { readonly MessageId?: string; readonly Attributes?: object }>(
    message: Message,
  ): Message {
    const header = this.#byMessage.get(message.MessageId ?? "");
    if (header === undefined) return message;
    return { ...message, Attributes: { ...message.Attributes, AWSTraceHeader: header } };
  }
}
