import { AwsError } from "../../protocol/service.ts";

export interface LogEvent {
  /** Grows with every event of the store. */
  readonly id: number;
  readonly stream: string;
  /** Epoch milliseconds, as the writer says. */
  readonly timestamp: number;
  /** Epoch milliseconds of arrival. */
  readonly ingestionTime: number;
  readonly message: string;
}

export interface LogStream {
  readonly name: string;
  readonly createdAt: number;
  /** Oldest first, at most `eventsKept`. */
  readonly events: readonly LogEvent[];
}

export interface LogGroup {
  readonly name: string;
  readonly createdAt: number;
  retentionInDays: number | undefined;
  readonly streams: ReadonlyMap<string, LogStream>;
}

interface MutableStream extends LogStream {
  events: LogEvent[];
}

interface MutableGroup extends LogGroup {
  readonly streams: Map<string, MutableStream>;
}

/** Only the newest events of each stream are kept, so that a stack can run for days. */
const eventsKept = 10_000;

/** Log groups in memory; also written by the local Lambda and ECS, whose processes log through it. */
export class LogStore {
  private readonly groups = new Map<string, MutableGroup>();
  private readonly followers: ((message: string) => void)[] = [];
  private lastId = 0;

  createGroup(name: string): void {
    if (this.groups.has(name)) {
      throw new AwsError(400, "ResourceAlreadyExistsException", "The specified log group already exists");
    }
    this.groups.set(name, { name, createdAt: Date.now(), retentionInDays: undefined, streams: new Map() });
  }

  createStream(groupName: string, name: string): void {
    const { streams } = this.existing(groupName);
    if (streams.has(name)) {
      throw new AwsError(400, "ResourceAlreadyExistsException", "The specified log stream already exists");
    }
    streams.set(name, { name, createdAt: Date.now(), events: [] });
  }

  /** Throws ResourceNotFoundException if the group or the stream does not exist. */
  append(
    groupName: string,
    streamName: string,
    events: readonly { timestamp: number; message: string }[],
  ): void {
    const stream = this.existing(groupName).streams.get(streamName);
    if (stream === undefined) {
      throw new AwsError(400, "ResourceNotFoundException", "The specified log stream does not exist.");
    }
    const ingestionTime = Date.now();
    for (const { timestamp, message } of events) {
      stream.events.push({ id: ++this.lastId, stream: streamName, timestamp, ingestionTime, message });
    }
    if (stream.events.length > eventsKept) stream.events = stream.events.slice(-eventsKept);
    for (const follow of this.followers) for (const { message } of events) follow(message);
  }

  /** Calls back for every message that is appended from now on. */
  onMessage(follow: (message: string) => void): void {
    this.followers.push(follow);
  }

  /** Throws ResourceNotFoundException. */
  group(name: string): LogGroup {
    return this.existing(name);
  }

  allGroups(): LogGroup[] {
    return [...this.groups.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  private existing(name: string): MutableGroup {
    const group = this.groups.get(name);
    if (group !== undefined) return group;
    throw new AwsError(400, "ResourceNotFoundException", "The specified log group does not exist.");
  }
}
