import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"

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

/** Storefronts call from a server, so they name the visitor's host in a header. */
function hostOf(req: MedusaRequest): string {
  const named = req.get("x-tenant-host") || req.get("x-forwarded-host") || req.get("host") || ""
  const first = named.split(",")[0].trim().toLowerCase()
  return first.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1")
}
