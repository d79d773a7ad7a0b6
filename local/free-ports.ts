/** Configuration under which everything that listens beside the endpoint takes a free port. */
export const freePorts: Readonly<Record<string, string>> = {
  "query:port": "0",
  "embedding:baseUrl": "http://127.0.0.1:0/v1",
  "catchup:pineconeHost": "http://127.0.0.1:0/hosts/records",
  "catchup:metabaseUrl": "http://127.0.0.1:0",
};
