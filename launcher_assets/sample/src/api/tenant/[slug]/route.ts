import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"

import { BUSINESS_MODULE } from "../../../modules/business"
import type { BusinessModuleService } from "../../../modules/business/service"

/**
 * A business, for its own administrator: an identity of the actor type "tenant", whose actor is the
 * business. It is no Medusa user, so the admin API is closed to it. Another's business and one that
 * doesn't exist look alike: nobody learns here which tenants there are.
 */
export async function GET(req: AuthenticatedMedusaRequest, res: MedusaResponse): Promise<void> {
  const service: BusinessModuleService = req.scope.resolve(BUSINESS_MODULE)
  const [business] = await service.listBusinesses(
    { id: req.auth_context.actor_id, slug: req.params.slug },
    { relations: ["domains"], take: 1 }
  )
  if (!business) {
    res.status(403).json({ type: "not_allowed", message: "This is not your store" })
    return
  }
  res.json({ business })
}
