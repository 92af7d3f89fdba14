import type {
  MedusaNextFunction,
  MedusaRequest,
  MedusaResponse,
  MedusaStoreRequest,
} from "@medusajs/framework/http"

import { findOpenTenant } from "./open-tenant"
import { plainHost, TENANT_HOST } from "./tenant-host"

/** Asked with the platform's key, before the tenant and its own key are known. */
const RESOLVES_TENANTS = "/store/tenant-config"

/** Only for tests of what happens without it. */
const isOff = process.env.TENANT_GUARD === "off"

/**
 * Whoever asks the store API for a tenant's host must bring a key of that tenant: Medusa alone would
 * answer any valid key with that key's catalogue, on every host. Medusa has checked the key already.
 */
export async function guardTenant(
  req: MedusaRequest,
  res: MedusaResponse,
  next: MedusaNextFunction
): Promise<void> {
  const named = req.get(TENANT_HOST)
  if (!named || isOff || req.baseUrl === RESOLVES_TENANTS) {
    return next()
  }

  const tenant = await findOpenTenant(req, res, plainHost(named))
  if (!tenant) {
    return
  }
  const { publishable_key_context: key } = req as MedusaStoreRequest
  if (!tenant.sales_channel_id || !key.sales_channel_ids.includes(tenant.sales_channel_id)) {
    res.status(403).json({ type: "not_allowed", message: "The publishable key is not this store's" })
    return
  }
  next()
}
