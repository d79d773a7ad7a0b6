import type { LogStore } from "../services/logs/log-store.ts";
import type { HistoryEvent } from "./interpreter/history.ts";
import type { Logging, LogLevel } from "./state-machine.ts";

export type LogSettings = Omit<Logging, "write">;

/** Writes the events of a machine's executions to its log group, one log stream a day. */
export function logging(logs: LogStore, machineName: string, settings: LogSettings): Logging {
  const { level, logGroupArn, includeExecutionData } = settings;
  const group = logGroupArn.replace(/^.*:log-group:/, "").replace(/:\*$/, "");
  const streams = new Set<string>();
  return {
    ...settings,
    write(executionArn, event) {
      if (!isLogged(level, event.type)) return;
      const stream = `states/${machineName}/${new Date(event.timestamp * 1000).toISOString().slice(0, 10)}`;
      if (!streams.has(stream)) logs.createStream(group, stream);
      streams.add(stream);
      const message = logLine(executionArn, event, includeExecutionData);
      logs.append(group, stream, [{ timestamp: Math.round(event.timestamp * 1000), message }]);
    },
  };
}

const fatal = /^Execution(Aborted|Failed|TimedOut)$/;
const error = /(Aborted|Failed|TimedOut)$/;

/** Whether a log of this level gets events of this type. */
function isLogged(level: LogLevel, type: string): boolean {
  if (level === "ALL") return true;
  if (level === "ERROR") return error.test(type) || type === "FailStateEntered";
  return level === "FATAL" && fatal.test(type);
}

/** Details of an event that are data: withheld unless the log is to include them. */
const data = new Set(["input", "output", "parameters", "error", "cause"]);

/** The line that CloudWatch Logs gets of an event. */
function logLine(executionArn: string, event: HistoryEvent, includeExecutionData: boolean): string {
  const { id, type, timestamp, previousEventId, ...rest } = event;
  const details = Object.entries(Object.values(rest)[0] ?? {}).filter(
    ([name]) => includeExecutionData || !data.has(name),
  );
  return JSON.stringify({
    id: String(id),
    type,
    details: Object.fromEntries(details),
    previous_event_id: String(previousEventId),
    event_timestamp: String(Math.round(timestamp * 1000)),
    execution_arn: executionArn,
  });
}
