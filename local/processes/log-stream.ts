import {
  type CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
  ResourceNotFoundException,
} from "@aws-sdk/client-cloudwatch-logs";

interface LogEvent {
  readonly timestamp: number;
  readonly message: string;
}

const flushDelayMilliseconds = 100;
/** CloudWatch accepts 10,000 events and 1 MiB per call, including 26 bytes per event. */
const maxEvents = 10_000;
const maxBytes = 1_048_576;
const bytesPerEvent = 26;

/** One process's log stream, written with the credentials of the process's role. */
export class LogStream {
  readonly #client: CloudWatchLogsClient;
  readonly #group: string;
  readonly #name: string;
  readonly #report: (problem: string) => void;
  #waiting: LogEvent[] = [];
  #flushing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #created = false;

  /** `report` gets a message if the role may not write. */
  constructor(client: CloudWatchLogsClient, group: string, name: string, report: (problem: string) => void) {
    this.#client = client;
    this.#group = group;
    this.#name = name;
    this.#report = report;
  }

  write(message: string): void {
    this.#waiting.push({ timestamp: Date.now(), message });
    this.#timer ??= setTimeout(() => void this.flush(), flushDelayMilliseconds);
  }

  /** Resolves when all that was written before is stored, or its loss reported. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#flushing;
    // Another flush may have taken the rest meanwhile.
    if (this.#waiting.length === 0) return this.#flushing;
    const events = this.#waiting;
    this.#waiting = [];
    this.#flushing = this.#put(events).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      this.#report(`${events.length} log events of ${this.#group} were lost: ${reason}`);
    });
    await this.#flushing;
  }

  async #put(events: readonly LogEvent[]): Promise<void> {
    if (!this.#created) await this.#create();
    this.#created = true;
    for (const slice of batchesOf(events)) {
      await this.#client.send(
        new PutLogEventsCommand({ logGroupName: this.#group, logStreamName: this.#name, logEvents: slice }),
      );
    }
  }

  async #create(): Promise<void> {
    const stream = { logGroupName: this.#group, logStreamName: this.#name };
    try {
      await this.#client.send(new CreateLogStreamCommand(stream));
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
      await this.#client.send(new CreateLogGroupCommand({ logGroupName: this.#group }));
      await this.#client.send(new CreateLogStreamCommand(stream));
    }
  }
}

function batchesOf(events: readonly LogEvent[]): LogEvent[][] {
  const slices: LogEvent[][] = [];
  let slice: LogEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    const size = Buffer.byteLength(event.message) + bytesPerEvent;
    if (slice.length === maxEvents || bytes + size > maxBytes) {
      slices.push(slice);
      slice = [];
      bytes = 0;
    }
    slice.push(event);
    bytes += size;
  }
  if (slice.length > 0) slices.push(slice);
  return slices;
}
