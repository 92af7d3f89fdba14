import Redis from "ioredis"

let client: Redis | undefined

/** PING on a connection of our own, so that the answer is about Redis and not about a module's fallback. */
export async function pingRedis(url: string): Promise<void> {
  client ??= connect(url)
  await client.ping()
}

function connect(url: string): Redis {
  const redis = new Redis(url, {
    connectTimeout: 1_000,
    commandTimeout: 1_000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => 500,
  })
  // Without a listener ioredis writes every failed reconnection to the log; /ready reports it instead.
  redis.on("error", () => undefined)
  return redis
}
