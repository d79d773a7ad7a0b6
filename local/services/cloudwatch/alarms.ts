import { accountId, region } from "../../protocol/account.ts";
import { AwsError } from "../../protocol/service.ts";
import { type AlarmDefinition, queriesOf } from "./alarm-definition.ts";
import { minuteMs, minuteOf } from "./clock.ts";
import { type AlarmState, extraPeriods, stateOf } from "./evaluate.ts";
import { type MetricQueries, periodsOf } from "./metric-queries.ts";
import type { MetricStore } from "./metric-store.ts";

export interface StateChange {
  readonly alarmName: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly from: AlarmState;
  readonly to: AlarmState;
  readonly reason: string;
}

export interface Alarm {
  readonly definition: AlarmDefinition;
  readonly arn: string;
  readonly updatedAt: number;
  readonly state: AlarmState;
  readonly reason: string;
  readonly stateSince: number;
}

type Kept = { -readonly [Key in keyof Alarm]: Alarm[Key] } & {
  queries: MetricQueries;
  /** A state that was set by hand holds until then. */
  heldUntil: number;
};

/** Called on each change of state, with the ARNs that the alarm notifies. */
export type Notify = (change: StateChange, alarm: Alarm, actions: readonly string[]) => void;

const changesKept = 10_000;

/** The alarms of the stack, their states and histories. */
export class Alarms {
  readonly #byName = new Map<string, Kept>();
  readonly #store: MetricStore;
  readonly #notified: Notify[] = [];
  #changes: StateChange[] = [];

  constructor(store: MetricStore) {
    this.#store = store;
  }

  onChange(notify: Notify): void {
    this.#notified.push(notify);
  }

  /** A changed alarm keeps its state until it is evaluated. Throws ValidationError. */
  put(definition: AlarmDefinition, now: number): void {
    const before = this.#byName.get(definition.AlarmName);
    this.#byName.set(definition.AlarmName, {
      state: "INSUFFICIENT_DATA",
      reason: "Unchecked: Initial alarm creation",
      stateSince: now,
      ...before,
      definition,
      queries: queriesOf(definition),
      arn: `arn:aws:cloudwatch:${region}:${accountId}:alarm:${definition.AlarmName}`,
      updatedAt: now,
      heldUntil: 0,
    });
  }

  delete(names: readonly string[]): void {
    for (const name of names) this.existing(name);
    for (const name of names) this.#byName.delete(name);
  }

  all(): Alarm[] {
    return [...this.#byName.values()].sort((a, b) =>
      a.definition.AlarmName < b.definition.AlarmName ? -1 : 1,
    );
  }

  /** Throws ResourceNotFound. */
  existing(name: string): Alarm {
    return this.#kept(name);
  }

  /** Newest first. */
  changes(): StateChange[] {
    return this.#changes.toReversed();
  }

  /** Holds until the alarm is evaluated in the minute after. Throws ResourceNotFound. */
  setState(name: string, state: AlarmState, reason: string, now: number): void {
    const alarm = this.#kept(name);
    alarm.heldUntil = minuteOf(now) + minuteMs;
    this.#move(alarm, state, reason, now);
  }

  evaluate(now: number): void {
    for (const alarm of this.#byName.values()) {
      if (alarm.heldUntil > now) continue;
      const retrieved = this.#retrieved(alarm, now);
      const state = stateOf(alarm.definition, retrieved, alarm.state);
      this.#move(alarm, state, reasonOf(alarm.definition, retrieved), now);
    }
  }

  /** The newest period ends with this minute, so that new data counts immediately. */
  #retrieved({ queries, definition }: Kept, now: number): (number | undefined)[] {
    const to = minuteOf(now) + minuteMs;
    const periods = definition.EvaluationPeriods + extraPeriods;
    const range = { from: to - periods * queries.periodMs, to, periodMs: queries.periodMs };
    const datapoints = queries.results(this.#store, range)[0]?.datapoints;
    return periodsOf(range).map((period) => datapoints?.get(period));
  }

  #move(alarm: Kept, to: AlarmState, reason: string, at: number): void {
    const from = alarm.state;
    if (from === to) return;
    const change = { alarmName: alarm.definition.AlarmName, at, from, to, reason };
    Object.assign(alarm, { state: to, reason, stateSince: at });
    this.#changes.push(change);
    if (this.#changes.length > changesKept) this.#changes = this.#changes.slice(-changesKept / 2);
    const actions = alarm.definition.ActionsEnabled ? actionsOf(alarm.definition, to) : [];
    for (const notify of this.#notified) notify(change, alarm, actions);
  }

  #kept(name: string): Kept {
    const alarm = this.#byName.get(name);
    if (alarm !== undefined) return alarm;
    throw new AwsError(404, "ResourceNotFound", `Alarm ${name} does not exist.`);
  }
}

function actionsOf(definition: AlarmDefinition, state: AlarmState): readonly string[] {
  if (state === "OK") return definition.OKActions;
  return state === "ALARM" ? definition.AlarmActions : definition.InsufficientDataActions;
}

function reasonOf(
  { Threshold, ComparisonOperator, TreatMissingData }: AlarmDefinition,
  retrieved: readonly (number | undefined)[],
): string {
  const present = retrieved.filter((value) => value !== undefined);
  const missing = retrieved.length - present.length;
  return `Threshold Crossed: data points [${present.join(", ")}] against ${ComparisonOperator} (${Threshold}); ${missing} periods without data are treated as ${TreatMissingData}.`;
}
