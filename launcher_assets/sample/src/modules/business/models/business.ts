import { model } from "@medusajs/framework/utils"

import { BusinessDomain } from "./business-domain"

/** A tenant: one clinic or pharmacy with its own storefront hosts and branding. */
export const Business = model
  .define("business", {
    id: model.id({ prefix: "biz" }).primaryKey(),
    name: model.text(),
    slug: model.text().unique(),
    status: model.enum(["pending", "active", "suspended"]).default("active"),
    is_active: model.boolean().default(true),
    tagline: model.text().nullable(),
    primary_color: model.text().default("#0f766e"),
    branding_config: model.json().nullable(),
    settings: model.json().nullable(),
    sales_channel_id: model.text().nullable(),
    publishable_api_key_id: model.text().nullable(),
    domains: model.hasMany(() => BusinessDomain, { mappedBy: "business" }),
  })
  .cascades({ delete: ["domains"] })
