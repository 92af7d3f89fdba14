import type { HttpTypes } from "@medusajs/types"
import Link from "next/link"
import { notFound } from "next/navigation"

import { findRegion, listProducts, priceOf } from "@/lib/catalogue"

type Props = { params: Promise<{ country: string }> }

export default async function HomePage({ params }: Props) {
  const { country } = await params
  const region = await findRegion(country)
  if (!region) {
    notFound()
  }
  const products = await listProducts(region.id)

  return (
    <>
      <h1>Care, delivered</h1>
      <p className="quiet">
        Serving {region.name}, prices in {region.currency_code.toUpperCase()}.
      </p>
      <ul className="products" data-testid="product-list">
        {products.map((product) => (
          <li key={product.id}>
            <ProductCard country={country} product={product} />
          </li>
        ))}
      </ul>
    </>
  )
}

function ProductCard({ country, product }: { country: string; product: HttpTypes.StoreProduct }) {
  return (
    <Link href={`/${country}/products/${product.handle}`} prefetch={false}>
      <h2>{product.title}</h2>
      <span className="quiet">{product.description}</span>
      <span className="price">{priceOf(product)}</span>
    </Link>
  )
}
