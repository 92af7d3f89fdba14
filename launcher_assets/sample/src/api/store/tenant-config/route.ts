import type { MedusaRequest, MedusaResponse } from "@medusajs/framework/http"

import { findOpenTenant } from "../../../lib/open-tenant"
import { hostOf } from "../../../lib/tenant-host"

/** The business whose storefront is served on the caller's host. */
export async function GET(req: MedusaRequest, res: MedusaResponse): Promise<void> {
  const tenant = await findOpenTenant(req, res, hostOf(req))
  if (tenant) {
    res.json({ tenant })
  }
}
