/**
 * Settings of the running server. Next replaces a plain `process.env.NEXT_PUBLIC_X` with its value
 * at build time; a name given as an argument is looked up when the request comes.
 */
function setting(name: string, otherwise: string): string {
  return process.env[name] || otherwise
}

export const backendUrl = () =>
  setting("MEDUSA_BACKEND_URL", setting("NEXT_PUBLIC_MEDUSA_BACKEND_URL", "http://127.0.0.1:9001"))

export const publishableKey = () => setting("NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY", "")

export const defaultCountry = () => setting("NEXT_PUBLIC_DEFAULT_REGION", "dk").toLowerCase()
