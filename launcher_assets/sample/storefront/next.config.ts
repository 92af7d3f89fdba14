import { writeSync } from "node:fs"

import type { NextConfig } from "next"

process.env.NEXT_TELEMETRY_DISABLED ??= "1"

if (!process.env.NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY) {
  writeSync(
    process.stderr.fd,
    "FATAL: the environment is not usable: NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY is not set.\n"
  )
  process.exit(1)
}

const config: NextConfig = {
  // The backend one folder up has a lock file too; without this Next warns and takes that folder for the root.
  outputFileTracingRoot: __dirname,
  // Without this Next writes localhost for 127.0.0.1 in the middleware's redirects, which is another host to a browser.
  skipMiddlewareUrlNormalize: true,
  poweredByHeader: false,
}

export default config
