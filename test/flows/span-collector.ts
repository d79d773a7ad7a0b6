import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface CollectedSpan {
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
}

interface ExportRequest {
  readonly resourceSpans: readonly {
    readonly resource: {
      readonly attributes: readonly {
        readonly key: string;
        readonly value: { readonly stringValue?: string };
      }[];
    };
    readonly scopeSpans: readonly { readonly spans: readonly CollectedSpan[] }[];
  }[];
}

/** An OTLP/HTTP collector on loopback that keeps the spans it receives as JSON. */
export class SpanCollector {
  readonly spans: CollectedSpan[] = [];
  /** Of each request. */
  readonly apiKeys: unknown[] = [];
  readonly #server: Server;

  private constructor(isSilent: boolean) {
    this.#server = createServer(async (request, response) => {
      let body = "";
      for await (const part of request) body += part;
      this.apiKeys.push(request.headers["x-api-key"]);
      this.spans.push(...spansOf(JSON.parse(body)));
      if (!isSilent) response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  }

  static async start({ isSilent = false } = {}): Promise<SpanCollector> {
    const collector = new SpanCollector(isSilent);
    await new Promise<void>((resolve) => collector.#server.listen(0, "127.0.0.1", resolve));
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1/traces`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

function spansOf({ resourceSpans }: ExportRequest): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const name = resource.attributes.find(({ key }) => key === "service.name");
    const service = name?.value.stringValue ?? "";
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, service })));
  });
}
