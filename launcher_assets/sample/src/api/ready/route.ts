import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { ContainerRegistrationKeys } from "@medusajs/framework/utils"

import { pingRedis } from "../../lib/redis"

const TIME_LIMIT_MS = 2_000

type Verdict = "ok" | "error"

/** 200 when Postgres and Redis both answer now, 503 otherwise. /health only says that the process is up. */
export async function GET(req: MedusaRequest, res: MedusaResponse): Promise<void> {
  const database = req.scope.resolve(ContainerRegistrationKeys.PG_CONNECTION)
  const config = req.scope.resolve(ContainerRegistrationKeys.CONFIG_MODULE)

  const [databaseVerdict, redisVerdict] = await Promise.all([
    judge(database.raw("select 1")),
    judge(pingRedis(config.projectConfig.redisUrl as string)),
  ])

  const isReady = databaseVerdict === "ok" && redisVerdict === "ok"
  res.status(isReady ? 200 : 503).json({
    status: isReady ? "ready" : "not ready",
    database: databaseVerdict,
    redis: redisVerdict,
  })
}

async function judge(question: PromiseLike<unknown>): Promise<Verdict> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<Verdict>((resolve) => {
    timer = setTimeout(() => resolve("error"), TIME_LIMIT_MS)
  })
  const answer = question.then(
    (): Verdict => "ok",
    (): Verdict => "error"
  )
  const verdict = await Promise.race([answer, tooLate])
  clearTimeout(timer)
  return verdict
}
