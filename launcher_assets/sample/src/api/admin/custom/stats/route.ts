import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"
import { Modules } from "@medusajs/framework/utils"

import { BUSINESS_MODULE } from "../../../../modules/business"
import type { BusinessModuleService } from "../../../../modules/business/service"

const COUNT_ONLY = { select: ["id"], take: 1 }

export async function GET(req: AuthenticatedMedusaRequest, res: MedusaResponse): Promise<void> {
  const service: BusinessModuleService = req.scope.resolve(BUSINESS_MODULE)
  const catalogue = req.scope.resolve(Modules.PRODUCT)

  const [[, businesses], [, active], [, domains], [, auditLogs], [, products]] = await Promise.all([
    service.listAndCountBusinesses({}, COUNT_ONLY),
    service.listAndCountBusinesses({ status: "active", is_active: true }, COUNT_ONLY),
    service.listAndCountBusinessDomains({}, COUNT_ONLY),
    service.listAndCountAuditLogs({}, COUNT_ONLY),
    catalogue.listAndCountProducts({}, COUNT_ONLY),
  ])
  res.json({
    stats: { businesses, active_businesses: active, domains, audit_logs: auditLogs, products },
  })
}
