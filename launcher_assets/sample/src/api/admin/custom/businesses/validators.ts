import { z } from "@medusajs/framework/zod"

/** A new business, with the hosts that lead to it; its sales channel and key are made beforehand. */
export const CreateBusiness = z.object({
  name: z.string().min(1),
  slug: z.string().min(1),
  status: z.enum(["pending", "active", "suspended"]).optional(),
  tagline: z.string().nullish(),
  primary_color: z.string().optional(),
  settings: z.record(z.unknown()).optional(),
  sales_channel_id: z.string().optional(),
  publishable_api_key_id: z.string().optional(),
  domains: z.array(z.object({ domain: z.string().min(1), is_verified: z.boolean().default(false) })).default([]),
})

export type CreateBusiness = z.infer<typeof CreateBusiness>
