import { type Verdict, whole } from "../report.ts";
import { median, percentile } from "../statistics.ts";
import type { Processing } from "./processing.ts";
import type { ChangesOutcome } from "./through-stack.ts";

const maxMilliseconds = 5;
const maxSeconds = 60;
/** Label changes, from the first put until a generation shows all of them. */
const minPerSecond = 1_000;
/** What systems of this kind state of themselves. */
const stated = { milliseconds: 50, messagesPerSecond: 0.4 };

export function processingLines({ records, messages, skipped, milliseconds }: Processing): string {
  const usual = median(milliseconds);
  return [
    `${records} stream records to ${messages} messages (${skipped} skipped): median ${usual.toFixed(2)} ms, p99 ${percentile(milliseconds, 99).toFixed(2)} ms`,
    `  ${whole((records / usual) * 1_000)} records/s on one core, in process, after a warm-up, ${whole(milliseconds.length)} repetitions; a system of this kind states ~${stated.milliseconds} ms: ${(stated.milliseconds / usual).toFixed(0)} times as fast`,
  ].join("\n");
}

export function changesLines(outcome: ChangesOutcome): string {
  const { changes, receipts, putSeconds, shownAfter, settledAfter, cycles, generations, messages } = outcome;
  const total = putSeconds + settledAfter;
  const perSecond = changes / total;
  const steps = [...outcome.seconds].sort(([, one], [, other]) => other - one);
  return [
    `${whole(changes)} label changes over ${whole(receipts)} receipts through the deployed local stack:`,
    `  put in ${putSeconds.toFixed(1)} s; all published ${shownAfter.toFixed(1)} s after the last put; no message left ${settledAfter.toFixed(1)} s after it, ${total.toFixed(1)} s after the first`,
    `  ${whole(perSecond)} messages/s from the first put until none was left; a system of this kind states ${stated.messagesPerSecond} messages/s with FIFO queues: ${whole(perSecond / stated.messagesPerSecond)} times as many`,
    `  ${cycles} cycles, ${whole(messages / cycles)} messages a cycle; ${generations} had something to publish`,
    `  seconds of the cycles by step: ${steps.map(([step, spent]) => `${step} ${spent.toFixed(1)}`).join(", ")}`,
  ].join("\n");
}

export function processingVerdict({ milliseconds }: Processing): Verdict {
  const usual = median(milliseconds);
  const pass = usual < maxMilliseconds;
  return {
    pass,
    text: `${mark(pass)}  100 stream records in ${usual.toFixed(2)} ms, bound ${maxMilliseconds} ms`,
  };
}

export function publishedVerdict({ changes, putSeconds, shownAfter }: ChangesOutcome): Verdict {
  const perSecond = changes / (putSeconds + shownAfter);
  const pass = perSecond >= minPerSecond;
  const text = `${whole(perSecond)} label changes/s published, from the first put on, bound ${whole(minPerSecond)}`;
  return { pass, text: `${mark(pass)}  ${text}` };
}

export function changesVerdict({ settledAfter }: ChangesOutcome): Verdict {
  const pass = settledAfter <= maxSeconds;
  const text = `published, and no message left, ${settledAfter.toFixed(1)} s after the last put, bound ${maxSeconds} s`;
  return { pass, text: `${mark(pass)}  ${text}` };
}

function mark(pass: boolean): string {
  return pass ? "pass" : "FAIL";
}
