import { authenticate, defineMiddlewares, validateAndTransformBody } from "@medusajs/framework/http"

import { guardTenant } from "../lib/tenant-guard"
import { CreateBusiness } from "./admin/custom/businesses/validators"

export default defineMiddlewares({
  routes: [
    { matcher: "/store/*", middlewares: [guardTenant] },
    { matcher: "/tenant/*", middlewares: [authenticate("tenant", ["bearer", "session"])] },
    {
      matcher: "/admin/custom/businesses",
      methods: ["POST"],
      middlewares: [validateAndTransformBody(CreateBusiness)],
    },
  ],
})
