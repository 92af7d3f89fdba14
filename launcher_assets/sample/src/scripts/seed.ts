import {
  createProductsWorkflow,
  createRegionsWorkflow,
  createShippingProfilesWorkflow,
  createStockLocationsWorkflow,
  createTaxRegionsWorkflow,
  createUserAccountWorkflow,
  linkSalesChannelsToStockLocationWorkflow,
  updateStoresWorkflow,
} from "@medusajs/medusa/core-flows"
import type { ExecArgs, Logger, MedusaContainer, StoreDTO } from "@medusajs/framework/types"
import { ContainerRegistrationKeys, Modules, ProductStatus } from "@medusajs/framework/utils"

import { BUSINESS_MODULE } from "../modules/business"
import type { BusinessModuleService } from "../modules/business/service"
import { BUSINESSES, CURRENCIES, PRODUCTS, REGIONS, STOCK_LOCATION } from "./seed-data"

/**
 * Fills an empty marketplace. Each step looks first and makes only what is missing, so running the
 * seed again changes nothing. It makes no publishable key: Medusa and the launcher do.
 */
export default async function seed({ container }: ExecArgs): Promise<void> {
  const logger = container.resolve(ContainerRegistrationKeys.LOGGER)
  const report = (what: string, made: string[]) => logger.info(describe(what, made))

  const store = await findStore(container)
  const salesChannelId = await ensureSalesChannel(container, store)
  report("regions", await ensureRegions(container))
  report("tax regions", await ensureTaxRegions(container))
  report("stock locations", await ensureStockLocation(container, salesChannelId))
  await ensureStoreDefaults(container, store, salesChannelId)
  report("products", await ensureProducts(container, salesChannelId))
  report("businesses", await ensureBusinesses(container, salesChannelId))
  await ensureAdmin(container, logger)
  logger.info("Seed: done")
}

function describe(what: string, made: string[]): string {
  return made.length > 0 ? `Seed: made ${what}: ${made.join(", ")}` : `Seed: ${what} are there already`
}

/** Medusa makes a store and its default sales channel whenever it boots, `medusa exec` included. */
async function findStore(container: MedusaContainer): Promise<StoreDTO> {
  const [store] = await container
    .resolve(Modules.STORE)
    .listStores({}, { relations: ["supported_currencies"], take: 1 })
  return store
}

async function ensureSalesChannel(container: MedusaContainer, store: StoreDTO): Promise<string> {
  if (store.default_sales_channel_id) {
    return store.default_sales_channel_id
  }
  const name = "Default Sales Channel"
  const salesChannels = container.resolve(Modules.SALES_CHANNEL)
  const [existing] = await salesChannels.listSalesChannels({ name }, { take: 1 })
  return (existing ?? (await salesChannels.createSalesChannels({ name }))).id
}

async function ensureRegions(container: MedusaContainer): Promise<string[]> {
  const regions = await container
    .resolve(Modules.REGION)
    .listRegions({}, { relations: ["countries"] })
  const taken = new Set(regions.flatMap((region) => region.countries.map((country) => country.iso_2)))

  const missing = REGIONS.map((region) => ({
    ...region,
    countries: region.countries.filter((country) => !taken.has(country)),
  })).filter((region) => region.countries.length > 0)

  if (missing.length > 0) {
    await createRegionsWorkflow(container).run({
      input: {
        regions: missing.map((region) => ({
          name: region.name,
          currency_code: region.currency,
          countries: region.countries,
          payment_providers: ["pp_system_default"],
        })),
      },
    })
  }
  return missing.map((region) => region.name)
}

async function ensureTaxRegions(container: MedusaContainer): Promise<string[]> {
  const taxRegions = await container.resolve(Modules.TAX).listTaxRegions()
  const taxed = new Set(taxRegions.map((taxRegion) => taxRegion.country_code))
  const missing = REGIONS.flatMap((region) => region.countries).filter((country) => !taxed.has(country))

  if (missing.length > 0) {
    await createTaxRegionsWorkflow(container).run({
      input: missing.map((country_code) => ({ country_code, provider_id: "tp_system" })),
    })
  }
  return missing
}

async function ensureStockLocation(
  container: MedusaContainer,
  salesChannelId: string
): Promise<string[]> {
  const { name } = STOCK_LOCATION
  if (await findStockLocation(container)) {
    return []
  }

  const { result } = await createStockLocationsWorkflow(container).run({
    input: { locations: [STOCK_LOCATION] },
  })
  await container.resolve(ContainerRegistrationKeys.LINK).create({
    [Modules.STOCK_LOCATION]: { stock_location_id: result[0].id },
    [Modules.FULFILLMENT]: { fulfillment_provider_id: "manual_manual" },
  })
  await linkSalesChannelsToStockLocationWorkflow(container).run({
    input: { id: result[0].id, add: [salesChannelId] },
  })
  return [name]
}

async function findStockLocation(container: MedusaContainer) {
  const [location] = await container
    .resolve(Modules.STOCK_LOCATION)
    .listStockLocations({ name: STOCK_LOCATION.name }, { take: 1 })
  return location
}

async function ensureStoreDefaults(
  container: MedusaContainer,
  store: StoreDTO,
  salesChannelId: string
): Promise<void> {
  const accepted = (store.supported_currencies ?? []).map((currency) => currency.currency_code)
  const hasCurrencies = CURRENCIES.every((code) => accepted.includes(code))
  if (hasCurrencies && store.default_region_id && store.default_location_id) {
    return
  }

  const [region] = await container
    .resolve(Modules.REGION)
    .listRegions({ name: REGIONS[0].name }, { take: 1 })
  const location = await findStockLocation(container)
  await updateStoresWorkflow(container).run({
    input: {
      selector: { id: store.id },
      update: {
        supported_currencies: CURRENCIES.map((code, index) => ({
          currency_code: code,
          is_default: index === 0,
        })),
        default_sales_channel_id: salesChannelId,
        default_region_id: region?.id ?? store.default_region_id ?? undefined,
        default_location_id: location?.id,
      },
    },
  })
}

async function ensureProducts(container: MedusaContainer, salesChannelId: string): Promise<string[]> {
  const existing = await container
    .resolve(Modules.PRODUCT)
    .listProducts({ handle: PRODUCTS.map((product) => product.handle) }, { select: ["handle"] })
  const known = new Set(existing.map((product) => product.handle))
  const missing = PRODUCTS.filter((product) => !known.has(product.handle))
  if (missing.length === 0) {
    return []
  }

  const shippingProfileId = await ensureShippingProfile(container)
  await createProductsWorkflow(container).run({
    input: {
      products: missing.map((product) => ({
        handle: product.handle,
        title: product.title,
        description: product.description,
        status: ProductStatus.PUBLISHED,
        shipping_profile_id: shippingProfileId,
        sales_channels: [{ id: salesChannelId }],
        options: [{ title: product.option.title, values: [product.option.value] }],
        variants: [
          {
            title: product.option.value,
            sku: product.sku,
            manage_inventory: false,
            options: { [product.option.title]: product.option.value },
            prices: [
              { currency_code: "eur", amount: product.eur },
              { currency_code: "usd", amount: product.usd },
            ],
          },
        ],
      })),
    },
  })
  return missing.map((product) => product.handle)
}

async function ensureShippingProfile(container: MedusaContainer): Promise<string> {
  const [existing] = await container
    .resolve(Modules.FULFILLMENT)
    .listShippingProfiles({ type: "default" }, { take: 1 })
  if (existing) {
    return existing.id
  }
  const { result } = await createShippingProfilesWorkflow(container).run({
    input: { data: [{ name: "Default Shipping Profile", type: "default" }] },
  })
  return result[0].id
}

async function ensureBusinesses(container: MedusaContainer, salesChannelId: string): Promise<string[]> {
  const service: BusinessModuleService = container.resolve(BUSINESS_MODULE)
  const made: string[] = []

  for (const { verified, unverified, ...data } of BUSINESSES) {
    const [existing] = await service.listBusinesses({ slug: data.slug }, { take: 1 })
    const business = existing ?? (await service.createBusinesses({ ...data, sales_channel_id: salesChannelId }))

    const domains = await service.listBusinessDomains({ domain: [...verified, ...unverified] })
    const known = new Set(domains.map((row) => row.domain))
    const missing = [...verified, ...unverified].filter((domain) => !known.has(domain))
    await service.createBusinessDomains(
      missing.map((domain) => ({
        domain,
        business_id: business.id,
        is_primary: domain === verified[0],
        is_verified: verified.includes(domain),
        verified_at: verified.includes(domain) ? new Date() : null,
      }))
    )

    if (!existing) {
      await service.createAuditLogs([
        auditLog(business.id, "business.created", { name: data.name }),
        auditLog(business.id, "domains.added", { domains: missing }),
      ])
      made.push(data.slug)
    }
  }
  return made
}

function auditLog(businessId: string, action: string, details: Record<string, unknown>) {
  return {
    business_id: businessId,
    actor: "seed",
    action,
    entity_type: "business",
    entity_id: businessId,
    details,
  }
}

async function ensureAdmin(container: MedusaContainer, logger: Logger): Promise<void> {
  const email = process.env.RXLAUNCH_ADMIN_EMAIL
  const password = process.env.RXLAUNCH_ADMIN_PASSWORD
  if (!email || !password) {
    logger.info("Seed: no admin user asked for (RXLAUNCH_ADMIN_EMAIL and RXLAUNCH_ADMIN_PASSWORD)")
    return
  }
  const [existing] = await container.resolve(Modules.USER).listUsers({ email }, { take: 1 })
  if (existing) {
    logger.info("Seed: the admin user is there already")
    return
  }

  const { authIdentity, error } = await container
    .resolve(Modules.AUTH)
    .register("emailpass", { body: { email, password } })
  if (!authIdentity) {
    throw new Error(`Could not register the admin user: ${error}`)
  }
  await createUserAccountWorkflow(container).run({
    input: {
      authIdentityId: authIdentity.id,
      userData: { email, first_name: "Marketplace", last_name: "Admin" },
    },
  })
  logger.info("Seed: made the admin user")
}
