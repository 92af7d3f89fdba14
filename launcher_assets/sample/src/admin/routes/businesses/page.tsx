import { defineRouteConfig } from "@medusajs/admin-sdk"
import { Buildings } from "@medusajs/icons"
import { Container, Heading, StatusBadge, Table, Text } from "@medusajs/ui"
import { useEffect, useState } from "react"

type Domain = { id: string; domain: string; is_verified: boolean }
type Business = { id: string; name: string; slug: string; status: string; domains: Domain[] }

const BusinessesPage = () => {
  const [businesses, setBusinesses] = useState<Business[]>()
  const [problem, setProblem] = useState<string>()

  useEffect(() => {
    fetchBusinesses().then(setBusinesses, (error: Error) => setProblem(error.message))
  }, [])

  return (
    <Container className="divide-y p-0">
      <div className="px-6 py-4">
        <Heading level="h1">Businesses</Heading>
        <Text className="text-ui-fg-subtle" size="small">
          The clinics and pharmacies of this marketplace, and the hosts that lead to them.
        </Text>
      </div>
      {problem && <Text className="px-6 py-4">Could not load the businesses: {problem}</Text>}
      {businesses && <BusinessTable businesses={businesses} />}
    </Container>
  )
}

const BusinessTable = ({ businesses }: { businesses: Business[] }) => (
  <Table data-testid="business-table">
    <Table.Header>
      <Table.Row>
        <Table.HeaderCell>Name</Table.HeaderCell>
        <Table.HeaderCell>Slug</Table.HeaderCell>
        <Table.HeaderCell>Domains</Table.HeaderCell>
        <Table.HeaderCell>Status</Table.HeaderCell>
      </Table.Row>
    </Table.Header>
    <Table.Body>
      {businesses.map((business) => (
        <Table.Row key={business.id}>
          <Table.Cell>{business.name}</Table.Cell>
          <Table.Cell>{business.slug}</Table.Cell>
          <Table.Cell>{business.domains.map(describeDomain).join(", ")}</Table.Cell>
          <Table.Cell>
            <StatusBadge color={business.status === "active" ? "green" : "orange"}>
              {business.status}
            </StatusBadge>
          </Table.Cell>
        </Table.Row>
      ))}
    </Table.Body>
  </Table>
)

function describeDomain({ domain, is_verified }: Domain): string {
  return is_verified ? domain : `${domain} (not verified)`
}

async function fetchBusinesses(): Promise<Business[]> {
  const response = await fetch("/admin/custom/businesses", { credentials: "include" })
  if (!response.ok) {
    throw new Error(`the backend answered ${response.status}`)
  }
  return (await response.json()).businesses
}

export const config = defineRouteConfig({ label: "Businesses", icon: Buildings })

export default BusinessesPage
