import { PlaceAnswers, type PlaceAnswersOptions } from "../../../core/merchants/places/place-answers.ts";
import { PlacesClient } from "../../../core/merchants/places/places-client.ts";
import { systemClock } from "../../../core/resilience/clock.ts";
import { unlimited } from "../../../core/resilience/rate-limiter.ts";
import type { LoopbackServer } from "../../../local/loopback-server.ts";
import { startPlacesServer } from "../../../local/providers/places/server.ts";

/** The only place of the directory. */
export const anchor = {
  id: "p-anchor",
  name: "The Salted Anchor Cafe",
  address: "12 Harbour Road, Port Elswick EL1 4AB",
  phone: "+44 155 014 220",
};
export const now = Date.parse("2026-03-01T12:00:00Z");

/** The local Google Places with one place, and its clients, for which no wait is real. */
export class OnePlace {
  readonly #server: LoopbackServer;

  private constructor(server: LoopbackServer) {
    this.#server = server;
  }

  static async start(): Promise<OnePlace> {
    return new OnePlace(await startPlacesServer(0, [anchor]));
  }

  stop(): Promise<void> {
    return this.#server.close();
  }

  /** `slept` are the waits that the client asked for. */
  client(giveUpAt = now + 60_000): { readonly client: PlacesClient; readonly slept: number[] } {
    const slept: number[] = [];
    const clock = { ...systemClock, now: () => now, sleep: async (ms: number) => void slept.push(ms) };
    const baseUrl = this.#server.url;
    const client = new PlacesClient({ baseUrl, apiKey: "secret-key", limiter: unlimited, giveUpAt, clock });
    return { client, slept };
  }

  async faults(...planned: readonly object[]): Promise<void> {
    const body = JSON.stringify(planned.map((fault) => ({ fault })));
    await fetch(`${this.#server.url}/local/faults`, { method: "POST", body });
  }
}

export function answersAt(
  stored: Pick<PlaceAnswersOptions, "client" | "controlTable">,
  time: () => number,
): PlaceAnswers {
  return new PlaceAnswers({ ...stored, days: 30, now: time });
}
