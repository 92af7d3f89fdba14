import Medusa from "@medusajs/js-sdk"
import type { HttpTypes } from "@medusajs/types"

import { backendUrl, publishableKey } from "./settings"
import { currentTenant, TENANT_HOST_HEADER } from "./tenant"

type Query = Record<string, string | number>

/** A GET of the store API, never cached: a page must not outlive the backend it speaks of. */
async function ask<Answer>(path: string, query: Query): Promise<Answer> {
  const { domain, publishable_api_key } = await currentTenant()
  const medusa = new Medusa({
    baseUrl: backendUrl(),
    publishableKey: publishable_api_key ?? publishableKey(),
    globalHeaders: { [TENANT_HOST_HEADER]: domain },
  })
  return medusa.client.fetch<Answer>(path, { query, cache: "no-store" })
}

export async function findRegion(country: string): Promise<HttpTypes.StoreRegion | undefined> {
  const { regions } = await ask<HttpTypes.StoreRegionListResponse>("/store/regions", {
    fields: "id,name,currency_code,*countries",
    limit: 100,
  })
  return regions.find((region) => region.countries?.some(({ iso_2 }) => iso_2 === country))
}

const PRODUCT_FIELDS = "id,title,handle,description,*variants.calculated_price"

export async function listProducts(regionId: string): Promise<HttpTypes.StoreProduct[]> {
  const { products } = await ask<HttpTypes.StoreProductListResponse>("/store/products", {
    region_id: regionId,
    fields: PRODUCT_FIELDS,
    order: "title",
    limit: 50,
  })
  return products
}

export async function findProduct(
  handle: string,
  regionId: string
): Promise<HttpTypes.StoreProduct | undefined> {
  const { products } = await ask<HttpTypes.StoreProductListResponse>("/store/products", {
    handle,
    region_id: regionId,
    fields: PRODUCT_FIELDS,
    limit: 1,
  })
  return products[0]
}

/** The lowest price of the product's variants, written out; undefined when it has none here. */
export function priceOf(product: HttpTypes.StoreProduct): string | undefined {
  const prices = (product.variants ?? []).flatMap(({ calculated_price: price }) =>
    price?.calculated_amount != null && price.currency_code
      ? [{ amount: price.calculated_amount, currency: price.currency_code }]
      : []
  )
  const [lowest] = prices.sort((one, other) => one.amount - other.amount)
  return (
    lowest &&
    new Intl.NumberFormat("en", { style: "currency", currency: lowest.currency }).format(lowest.amount)
  )
}
