import type { Metadata } from "next"
import type { CSSProperties, ReactNode } from "react"

import { currentTenant } from "@/lib/tenant"

import "./globals.css"

export async function generateMetadata(): Promise<Metadata> {
  const { name } = await currentTenant()
  return { title: { default: `${name} | Telehealth`, template: `%s | ${name}` } }
}

export default async function RootLayout({ children }: { children: ReactNode }) {
  const tenant = await currentTenant()
  const branding = { "--tenant-primary": tenant.primary_color } as CSSProperties
  return (
    <html lang="en" style={branding}>
      <body>
        <header className="masthead">
          <a href="/" className="masthead-name">
            {tenant.name}
          </a>
          {tenant.tagline && <span>{tenant.tagline}</span>}
        </header>
        <main>{children}</main>
      </body>
    </html>
  )
}
