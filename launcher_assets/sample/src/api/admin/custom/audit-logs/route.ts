import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"

import { BUSINESS_MODULE } from "../../../../modules/business"
import type { BusinessModuleService } from "../../../../modules/business/service"

export async function GET(req: AuthenticatedMedusaRequest, res: MedusaResponse): Promise<void> {
  const service: BusinessModuleService = req.scope.resolve(BUSINESS_MODULE)
  const [audit_logs, count] = await service.listAndCountAuditLogs(
    {},
    { order: { created_at: "DESC" }, take: 100 }
  )
  res.json({ audit_logs, count })
}
