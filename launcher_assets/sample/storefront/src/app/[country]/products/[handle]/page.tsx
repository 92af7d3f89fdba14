import type { Metadata } from "next"
import Link from "next/link"
import { notFound } from "next/navigation"
import { cache } from "react"

import { findProduct, findRegion, priceOf } from "@/lib/catalogue"

type Props = { params: Promise<{ country: string; handle: string }> }

/** Once per request: the title and the page ask for the same product. */
const loadProduct = cache(async (country: string, handle: string) => {
  const region = await findRegion(country)
  return region && findProduct(handle, region.id)
})

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { country, handle } = await params
  return { title: (await loadProduct(country, handle))?.title }
}

export default async function ProductPage({ params }: Props) {
  const { country, handle } = await params
  const product = await loadProduct(country, handle)
  if (!product) {
    notFound()
  }

  return (
    <article data-testid="product">
      <Link href={`/${country}`} prefetch={false} className="quiet">
        All products
      </Link>
      <h1>{product.title}</h1>
      <p>{product.description}</p>
      <p className="price">{priceOf(product)}</p>
    </article>
  )
}
