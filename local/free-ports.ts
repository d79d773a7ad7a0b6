/** Configuration with free ports for everything that listens in addition to the endpoint. */
export const freePorts: Readonly<Record<string, string>> = {
  "query:port": "0",
  "bulk:port": "0",
  "embedding:baseUrl": "http://127.0.0.1:0/v1",
  "catchup:pineconeHost": "http://127.0.0.1:0/hosts/records",
  "catchup:metabaseUrl": "http://127.0.0.1:0",
  "images:anthropicBaseUrl": "http://127.0.0.1:0",
  "images:openAiBaseUrl": "http://127.0.0.1:0/v1",
  "images:voyageBaseUrl": "http://127.0.0.1:0/v1",
  "merchants:placesBaseUrl": "http://127.0.0.1:0",
};

/** The number of ports of a stack: that of its endpoint and the following ones. */
export const portsOfStack = 10;

/** Configuration with the ports after `port` for everything that listens in addition to the endpoint. */
export function portsAfter(port: number): Readonly<Record<string, string>> {
  if (port === 0) return freePorts;
  return {
    "query:port": String(port + 1),
    "embedding:baseUrl": `http://127.0.0.1:${port + 2}/v1`,
    "catchup:pineconeHost": `http://127.0.0.1:${port + 3}/hosts/records`,
    "catchup:metabaseUrl": `http://127.0.0.1:${port + 4}`,
    "bulk:port": String(port + 5),
    "images:anthropicBaseUrl": `http://127.0.0.1:${port + 6}`,
    "images:openAiBaseUrl": `http://127.0.0.1:${port + 7}/v1`,
    "images:voyageBaseUrl": `http://127.0.0.1:${port + 8}/v1`,
    "merchants:placesBaseUrl": `http://127.0.0.1:${port + 9}`,
  };
}
