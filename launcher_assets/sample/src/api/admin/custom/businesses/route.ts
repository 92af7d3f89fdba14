import type { AuthenticatedMedusaRequest, MedusaResponse } from "@medusajs/framework/http"

import { BUSINESS_MODULE } from "../../../../modules/business"
import type { BusinessModuleService } from "../../../../modules/business/service"
import type { CreateBusiness } from "./validators"

export async function GET(req: AuthenticatedMedusaRequest, res: MedusaResponse): Promise<void> {
  const service: BusinessModuleService = req.scope.resolve(BUSINESS_MODULE)
  const [businesses, count] = await service.listAndCountBusinesses(
    {},
    { relations: ["domains"], order: { name: "ASC" }, take: 100 }
  )
  res.json({ businesses, count })
}

export async function POST(
  req: AuthenticatedMedusaRequest<CreateBusiness>,
  res: MedusaResponse
): Promise<void> {
  const service: BusinessModuleService = req.scope.resolve(BUSINESS_MODULE)
  const { domains, ...data } = req.validatedBody

  const { id } = await service.createBusinesses(data)
  await service.createBusinessDomains(
    domains.map(({ domain, is_verified }, index) => ({
      domain,
      business_id: id,
      is_primary: index === 0,
      is_verified,
      verified_at: is_verified ? new Date() : null,
    }))
  )
  const business = await service.retrieveBusiness(id, { relations: ["domains"] })
  res.status(201).json({ business })
}
