import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"

import { BUSINESS_MODULE } from "../../../../../modules/business"
import type { BusinessModuleService } from "../../../../../modules/business/service"

/** Its hosts go with it. */
export async function DELETE(req: AuthenticatedMedusaRequest, res: MedusaResponse): Promise<void> {
  const service: BusinessModuleService = req.scope.resolve(BUSINESS_MODULE)
  const { id } = req.params
  await service.deleteBusinesses(id)
  res.json({ id, object: "business", deleted: true })
}
