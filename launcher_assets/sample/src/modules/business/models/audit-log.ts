import { model } from "@medusajs/framework/utils"

/** Who did what to which record. Rows outlive the business they speak of, so there is no relation. */
export const AuditLog = model.define("audit_log", {
  id: model.id({ prefix: "audit" }).primaryKey(),
  business_id: model.text().index().nullable(),
  actor: model.text(),
  action: model.text(),
  entity_type: model.text(),
  entity_id: model.text().nullable(),
  details: model.json().nullable(),
})
