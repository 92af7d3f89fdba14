import { headers } from "next/headers"

/** The business behind the visited host, as the backend's /store/tenant-config describes it. */
export type Tenant = {
  name: string
  slug: string
  domain: string
  tagline: string | null
  primary_color: string
  publishable_api_key: string | null
}

/** How the middleware hands the tenant to the page; it overwrites whatever a visitor sends. */
export const TENANT_HEADER = "x-tenant"

/** How the backend is told for whom it is asked: a tenant's key is good on that tenant's hosts alone. */
export const TENANT_HOST_HEADER = "x-tenant-host"

export function encodeTenant(tenant: Tenant): string {
  return encodeURIComponent(JSON.stringify(tenant))
}

export async function currentTenant(): Promise<Tenant> {
  const encoded = (await headers()).get(TENANT_HEADER)
  if (!encoded) {
    throw new Error("The middleware named no tenant for this request")
  }
  return JSON.parse(decodeURIComponent(encoded))
}
