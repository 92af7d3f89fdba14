import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"

import { hostOf } from "../../../lib/tenant-host"
import { BUSINESS_MODULE } from "../../../modules/business"
import type { BusinessModuleService } from "../../../modules/business/service"

/** The business whose storefront is served on the caller's host. */
export async function GET(req: MedusaRequest, res: MedusaResponse): Promise<void> {
  const businesses: BusinessModuleService = req.scope.resolve(BUSINESS_MODULE)

  const tenant = await businesses.findTenant(hostOf(req))
  if (!tenant) {
    res.status(404).json({ type: "not_found", message: "No tenant resolved for this request" })
    return
  }
  if (!tenant.is_open) {
    res.status(403).json({ type: "not_allowed", message: "This store is not active" })
    return
  }
  res.json({ tenant })
}
