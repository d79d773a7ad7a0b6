import { type EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { VectorkeepError } from "../../vectorkeep-error.ts";

/** EventBridge did not accept an event. PutEvents itself succeeds in this case. */
export class EventNotPublishedError extends VectorkeepError {
  constructor(detailType: string, reason: string) {
    super(
      `EventBridge did not accept the event ${detailType}: ${reason}.`,
      "The message is redelivered and the event is sent again.",
    );
  }
}

export interface FlowEvent {
  readonly source: string;
  readonly detailType: string;
  readonly detail: object;
}

/** Publishes the events of the flow to its bus. */
export class EventPublisher {
  readonly #client: EventBridgeClient;
  readonly #bus: string;

  constructor(client: EventBridgeClient, bus: string) {
    this.#client = client;
    this.#bus = bus;
  }

  /** Throws EventNotPublishedError. */
  async publish({ source, detailType, detail }: FlowEvent): Promise<void> {
    const { FailedEntryCount = 0, Entries = [] } = await this.#client.send(
      new PutEventsCommand({
        Entries: [
          {
            Source: source,
            DetailType: detailType,
            Detail: JSON.stringify(detail),
            EventBusName: this.#bus,
          },
        ],
      }),
    );
    if (FailedEntryCount === 0) return;
    const [entry] = Entries;
    throw new EventNotPublishedError(detailType, `${entry?.ErrorCode}: ${entry?.ErrorMessage}`);
  }
}
