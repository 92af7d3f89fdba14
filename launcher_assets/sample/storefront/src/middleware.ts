import { type NextRequest, NextResponse } from "next/server"

import { backendUrl, defaultCountry, publishableKey } from "./lib/settings"
import { encodeTenant, TENANT_HEADER, TENANT_HOST_HEADER, type Tenant } from "./lib/tenant"

const BACKEND_TIME_LIMIT_MS = 10_000

export const config = {
  matcher: ["/((?!_next/|icon.svg).*)"],
}

/** Every page belongs to a tenant and to a country; this finds the one and insists on the other. */
export async function middleware(request: NextRequest): Promise<NextResponse> {
  const host = hostOf(request)
  const found = await askBackend("/store/tenant-config", host)
  if (!found.ok) {
    return refuse(host, found)
  }
  const { tenant } = (await found.json()) as { tenant: Tenant }

  if (!/^\/[a-z]{2}(\/|$)/.test(request.nextUrl.pathname)) {
    return redirectToCountry(request, tenant)
  }

  const headers = new Headers(request.headers)
  headers.set(TENANT_HEADER, encodeTenant(tenant))
  return NextResponse.next({ request: { headers } })
}

function hostOf(request: NextRequest): string {
  return request.headers.get("x-forwarded-host") ?? request.headers.get("host") ?? ""
}

async function askBackend(path: string, host: string, key = publishableKey()): Promise<Response> {
  try {
    return await fetch(new URL(path, backendUrl()), {
      cache: "no-store",
      headers: { "x-publishable-api-key": key, [TENANT_HOST_HEADER]: host },
      signal: AbortSignal.timeout(BACKEND_TIME_LIMIT_MS),
    })
  } catch (error) {
    const reason = error instanceof Error ? error.message : error
    return new Response(`no answer from ${backendUrl()} (${reason})`, { status: 503 })
  }
}

/** 404 and 403 speak of the tenant and are passed on; anything else is a fault of ours or the backend's. */
async function refuse(host: string, answer: Response): Promise<NextResponse> {
  if (answer.status === 404 || answer.status === 403) {
    return page(answer.status, answer.status === 404 ? "There is no store at this address." : "This store is closed.")
  }
  console.error(`The backend did not name the tenant of ${host}: ${answer.status} ${await answer.text()}`)
  return page(answer.status === 503 ? 503 : 500, "The store cannot be reached at the moment.")
}

function page(status: number, message: string): NextResponse {
  const html = `<!doctype html><html lang="en"><title>${message}</title><body style="font-family:system-ui;margin:4rem auto;max-width:40rem"><h1>${message}</h1></body></html>`
  return new NextResponse(html, {
    status,
    headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" },
  })
}

/** To the host the visitor asked for: request.url names the one this server listens on, not a proxy's in front. */
async function redirectToCountry(request: NextRequest, tenant: Tenant): Promise<NextResponse> {
  const { pathname, search, protocol } = request.nextUrl
  const scheme = request.headers.get("x-forwarded-proto")?.split(",")[0] ?? protocol.replace(":", "")
  const path = `/${await chooseCountry(tenant)}${pathname.replace(/\/$/, "")}${search}`
  return NextResponse.redirect(new URL(path, `${scheme}://${hostOf(request)}`), {
    headers: { "cache-control": "no-store" },
  })
}

/** The default country where a region serves it, else the first one that is served. */
async function chooseCountry({ domain, publishable_api_key }: Tenant): Promise<string> {
  const wanted = defaultCountry()
  const query = "fields=id,*countries&limit=100"
  const answer = await askBackend(`/store/regions?${query}`, domain, publishable_api_key ?? publishableKey())
  if (!answer.ok) {
    return wanted
  }
  const { regions } = (await answer.json()) as { regions: { countries?: { iso_2: string }[] }[] }
  const served = regions.flatMap((region) => (region.countries ?? []).map((country) => country.iso_2))
  return served.includes(wanted) ? wanted : (served[0] ?? wanted)
}
