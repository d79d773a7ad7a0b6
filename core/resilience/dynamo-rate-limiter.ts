import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import * as z from "zod";
import { type Clock, systemClock } from "./clock.ts";
import { bookCost, costInMs, type Rate } from "./gcra.ts";
import type { RateLimiter } from "./rate-limiter.ts";

/** The default burst that is allowed after a pause. */
export const defaultBurstMs = 10_000;

const limiterItem = z.object({ requests_arrival: z.number(), tokens_arrival: z.number() });

/** The theoretical arrival times of the two limits, epoch milliseconds. */
interface Arrivals {
  readonly requests: number;
  readonly tokens: number;
}

export interface DynamoRateLimiterOptions {
  readonly client: DynamoDBDocumentClient;
  readonly controlTable: string;
  /** The provider account whose limits are shared; limiters of one account use one item. */
  readonly account: string;
  readonly requestsPerMinute: number;
  readonly tokensPerMinute: number;
  /** The burst that is allowed after a pause, in milliseconds at the rate. */
  readonly burstMs?: number;
  /** Epoch milliseconds, because processes share the times. @default the system's */
  readonly clock?: Pick<Clock, "now">;
}

/**
 * A rate limiter that all processes of a stack share. An item of the control table holds one theoretical arrival time
 * per limit, and each booking moves both in one conditional update. Within a process, bookings are serialised.
 */
export class DynamoRateLimiter implements RateLimiter {
  readonly #client: DynamoDBDocumentClient;
  readonly #item: { TableName: string; Key: { PK: string; SK: string } };
  readonly #requests: Rate;
  readonly #tokens: Rate;
  readonly #clock: Pick<Clock, "now">;
  #known: Arrivals | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: DynamoRateLimiterOptions) {
    this.#client = options.client;
    this.#item = {
      TableName: options.controlTable,
      Key: { PK: `LIMITER#${options.account}`, SK: "EMBEDDING" },
    };
    const burstMs = options.burstMs ?? defaultBurstMs;
    this.#requests = { perMinute: options.requestsPerMinute, burstMs };
    this.#tokens = { perMinute: options.tokensPerMinute, burstMs };
    this.#clock = options.clock ?? systemClock;
  }

  book(tokens: number, maxWait: number, requests = 1): Promise<number | undefined> {
    return this.#inTurn(() => this.#book(tokens, maxWait, requests));
  }

  giveBack(tokens: number): Promise<void> {
    return this.#inTurn(() => this.#giveBack(tokens));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #book(tokens: number, maxWait: number, requests: number): Promise<number | undefined> {
    let isFresh = this.#known === undefined;
    let seen = this.#known ?? (await this.#read());
    for (;;) {
      const now = this.#clock.now();
      const request = bookCost(this.#requests, seen?.requests ?? 0, now, requests);
      const text = bookCost(this.#tokens, seen?.tokens ?? 0, now, tokens);
      const wait = Math.max(request.wait, text.wait);
      if (wait <= maxWait) {
        const next = { requests: Math.ceil(request.arrival), tokens: Math.ceil(text.arrival) };
        const booked = await this.#move(seen, next);
        if (booked.isMoved) {
          this.#known = next;
          return wait;
        }
        seen = booked.now;
      } else if (isFresh) {
        return undefined;
      } else {
        seen = await this.#read();
      }
      isFresh = true;
    }
  }

  async #giveBack(tokens: number): Promise<void> {
    const { Attributes } = await this.#client.send(
      new UpdateCommand({
        ...this.#item,
        UpdateExpression: "ADD tokens_arrival :less",
        ConditionExpression: "attribute_exists(PK)",
        ExpressionAttributeValues: { ":less": -Math.floor(costInMs(this.#tokens, tokens)) },
        ReturnValues: "ALL_NEW",
      }),
    );
    this.#known = arrivals(Attributes);
  }

  async #read(): Promise<Arrivals | undefined> {
    const { Item } = await this.#client.send(new GetCommand({ ...this.#item, ConsistentRead: true }));
    return Item && arrivals(Item);
  }

  /** `now` is what another process booked in between. */
  async #move(
    seen: Arrivals | undefined,
    next: Arrivals,
  ): Promise<{ readonly isMoved: true } | { readonly isMoved: false; readonly now: Arrivals | undefined }> {
    try {
      await this.#client.send(
        new UpdateCommand({
          ...this.#item,
          UpdateExpression: "SET requests_arrival = :requests, tokens_arrival = :tokens",
          ConditionExpression: seen
            ? "requests_arrival = :seenRequests AND tokens_arrival = :seenTokens"
            : "attribute_not_exists(PK)",
          ExpressionAttributeValues: {
            ":requests": next.requests,
            ":tokens": next.tokens,
            ...(seen && { ":seenRequests": seen.requests, ":seenTokens": seen.tokens }),
          },
          // Several processes book all the time; the answer saves the read that would follow.
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        }),
      );
      return { isMoved: true };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { isMoved: false, now: error.Item && arrivals(unmarshall(error.Item)) };
    }
  }
}

function arrivals(item: unknown): Arrivals {
  const { requests_arrival, tokens_arrival } = limiterItem.parse(item);
  return { requests: requests_arrival, tokens: tokens_arrival };
}
