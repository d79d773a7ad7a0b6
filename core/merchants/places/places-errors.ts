import { DeferredError } from "../../queues/deferred-error.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";

/** The rate limit of the account leaves no capacity before the deadline. */
export class PlacesThrottledError extends DeferredError {
  constructor(delaySeconds: number, options?: ErrorOptions) {
    super(
      "The rate limit of Google Places leaves no capacity before the deadline.",
      "The message is redelivered. Raise merchants:requestsPerMinute if the account allows more.",
      delaySeconds,
      options,
    );
  }
}

/** Today's budget is spent. */
export class MerchantBudgetSpentError extends DeferredError {
  constructor(usdPerDay: number, secondsLeft: number) {
    super(
      `Today's budget of ${usdPerDay} USD for Google Places is spent.`,
      "The message waits until the next day (UTC). Raise merchants:usdPerDay to continue today.",
      secondsLeft,
    );
  }
}

/** Another process is running the same query. */
export class PlaceQueryClaimedError extends DeferredError {
  constructor(key: string, delaySeconds: number) {
    super(
      `Another process is querying Google Places for ${key}.`,
      "The message is redelivered and finds its answer.",
      delaySeconds,
    );
  }
}

/** Google Places failed, responded in an unknown format, or was unreachable, after retries. */
export class PlacesUnavailableError extends VectorkeepError {
  constructor(attempts: number, words: string, options?: ErrorOptions) {
    super(
      `Google Places could not be queried in ${attempts} attempts: ${words}.`,
      "The message is redelivered. Check the status of Google Maps Platform.",
      options,
    );
  }
}

/** Google Places rejects every request because of the key, the account or the API. */
export class PlacesNotAllowedError extends VectorkeepError {
  constructor(status: number, words: string) {
    super(
      `Google Places refused the request with status ${status}: ${words}.`,
      "Check the secret of merchants:placesApiKey, that Places API (New) is enabled for its project, and the project's billing.",
    );
  }
}
