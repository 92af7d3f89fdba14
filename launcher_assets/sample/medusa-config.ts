import { defineConfig, loadEnv } from "@medusajs/framework/utils"

import { readEnvironment } from "./src/env"

// The built copy of this file is .medusa/server/medusa-config.js; the .env files stay at the root.
const root = __dirname.replace(/[\\/]\.medusa[\\/]server$/, "")
loadEnv(process.env.NODE_ENV || "development", root)

const env = readEnvironment(process.env)

export default defineConfig({
  projectConfig: {
    databaseUrl: env.databaseUrl,
    redisUrl: env.redisUrl,
    http: {
      storeCors: env.storeCors,
      adminCors: env.adminCors,
      authCors: env.authCors,
      jwtSecret: env.jwtSecret,
      cookieSecret: env.cookieSecret,
    },
    // Medusa makes production cookies Secure, and then nobody can log in over plain http.
    cookieOptions: env.isHttps
      ? { secure: true, sameSite: "none" }
      : { secure: false, sameSite: "lax" },
  },
  admin: {
    // "/" lets the admin call the origin it was served from, so one build is right on every port.
    backendUrl: process.env.ADMIN_BACKEND_URL || "/",
  },
  modules: [
    { resolve: "./src/modules/business" },
    {
      resolve: "@medusajs/medusa/cache-redis",
      options: { redisUrl: env.redisUrl },
    },
    {
      resolve: "@medusajs/medusa/event-bus-redis",
      options: { redisUrl: env.redisUrl },
    },
  ],
})
