import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"

import { BUSINESS_MODULE } from "../modules/business"
import type { BusinessModuleService } from "../modules/business/service"

/** The open tenant of a host. Where there is none the request has been answered: 404 unknown, 403 closed. */
export async function findOpenTenant(req: MedusaRequest, res: MedusaResponse, host: string) {
  const businesses: BusinessModuleService = req.scope.resolve(BUSINESS_MODULE)
  const tenant = await businesses.findTenant(host)
  if (!tenant) {
    res.status(404).json({ type: "not_found", message: "No tenant resolved for this request" })
    return undefined
  }
  if (!tenant.is_open) {
    res.status(403).json({ type: "not_allowed", message: "This store is not active" })
    return undefined
  }
  return tenant
}
