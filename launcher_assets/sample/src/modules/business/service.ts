import { MedusaService } from "@medusajs/framework/utils"

import { AuditLog } from "./models/audit-log"
import { Business } from "./models/business"
import { BusinessDomain } from "./models/business-domain"

/** What a host name leads to. */
export type Tenant = {
  id: string
  name: string
  slug: string
  domain: string
  is_open: boolean
  tagline: string | null
  primary_color: string
  sales_channel_id: string | null
  publishable_api_key: string | null
}

export class BusinessModuleService extends MedusaService({ Business, BusinessDomain, AuditLog }) {
  /** The tenant behind a host name; undefined when the name is unknown or not verified. */
  async findTenant(host: string): Promise<Tenant | undefined> {
    const [domain] = await this.listBusinessDomains(
      { domain: host, is_verified: true },
      { relations: ["business"], take: 1 }
    )
    if (!domain) {
      return undefined
    }

    const { business } = domain
    const key = business.settings?.publishable_api_key_token
    return {
      id: business.id,
      name: business.name,
      slug: business.slug,
      domain: domain.domain,
      is_open: business.is_active && business.status === "active",
      tagline: business.tagline,
      primary_color: business.primary_color,
      sales_channel_id: business.sales_channel_id,
      publishable_api_key: typeof key === "string" ? key : null,
    }
  }
}
