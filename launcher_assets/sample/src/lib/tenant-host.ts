import type { MedusaRequest } from "@medusajs/framework/http"

/** Storefronts call from a server, so they name the visitor's host in this header. */
export const TENANT_HOST = "x-tenant-host"

/** The host that a request is about: the named one, else the one that a proxy or the caller used. */
export function hostOf(req: MedusaRequest): string {
  return plainHost(req.get(TENANT_HOST) || req.get("x-forwarded-host") || req.get("host") || "")
}

/** The first of several names, in lower case, without port and brackets. */
export function plainHost(named: string): string {
  const first = named.split(",")[0].trim().toLowerCase()
  return first.replace(/^(\[.*\]|[^:]*):\d+$/, "$1").replace(/^\[(.*)\]$/, "$1")
}
