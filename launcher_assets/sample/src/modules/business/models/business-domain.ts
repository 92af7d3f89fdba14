import { model } from "@medusajs/framework/utils"

import { Business } from "./business"

/** A host name that leads to a business, once its owner has proved that it is theirs. */
export const BusinessDomain = model.define("business_domain", {
  id: model.id({ prefix: "bizdom" }).primaryKey(),
  domain: model.text().unique(),
  is_primary: model.boolean().default(false),
  is_verified: model.boolean().default(false),
  verified_at: model.dateTime().nullable(),
  business: model.belongsTo(() => Business, { mappedBy: "domains" }),
})
