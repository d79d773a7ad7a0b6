/** The URL of a queue at the endpoint, from `arn:aws:sqs:{region}:{account}:{name}`. */
export function queueUrlOfArn(endpoint: string, arn: string): string {
  const [account, name] = arn.split(":").slice(-2);
  return `${endpoint}/${account}/${name}`;
}
