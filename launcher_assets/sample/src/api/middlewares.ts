import { authenticate, defineMiddlewares } from "@medusajs/framework/http"

import { guardTenant } from "../lib/tenant-guard"

export default defineMiddlewares({
  routes: [
    { matcher: "/store/*", middlewares: [guardTenant] },
    { matcher: "/tenant/*", middlewares: [authenticate("tenant", ["bearer", "session"])] },
  ],
})
