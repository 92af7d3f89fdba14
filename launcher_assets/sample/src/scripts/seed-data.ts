/** What the seed writes. Everything is found again by its name, handle, slug, domain or country. */

export const CURRENCIES = ["eur", "usd"]

export const REGIONS = [
  { name: "Europe", currency: "eur", countries: ["dk", "de", "fr", "gb", "se"] },
  { name: "United States", currency: "usd", countries: ["us"] },
]

export const STOCK_LOCATION = {
  name: "Copenhagen Pharmacy",
  address: { address_1: "Vesterbrogade 1", city: "Copenhagen", country_code: "dk" },
}

export const PRODUCTS = [
  {
    handle: "video-consultation",
    title: "Video consultation",
    description: "Twenty minutes with a licensed clinician, from home, on the same day.",
    option: { title: "Length", value: "20 minutes" },
    sku: "CONSULT-20",
    eur: 45,
    usd: 49,
  },
  {
    handle: "allergy-relief-plan",
    title: "Allergy relief plan",
    description: "A month of antihistamines, prescribed after a short questionnaire and refilled on time.",
    option: { title: "Supply", value: "30 days" },
    sku: "ALLERGY-30",
    eur: 24,
    usd: 27,
  },
  {
    handle: "sleep-support-programme",
    title: "Sleep support programme",
    description: "Six weeks of cognitive therapy for insomnia, with a weekly check-in.",
    option: { title: "Length", value: "6 weeks" },
    sku: "SLEEP-6W",
    eur: 120,
    usd: 129,
  },
  {
    handle: "home-blood-test",
    title: "Home blood test",
    description: "A finger-prick kit, laboratory analysis, and results explained by a doctor.",
    option: { title: "Panel", value: "Essential" },
    sku: "BLOOD-ESS",
    eur: 69,
    usd: 75,
  },
]

export const BUSINESSES = [
  {
    slug: "healthfirst",
    name: "HealthFirst",
    tagline: "Care that comes to you",
    primary_color: "#0f766e",
    // The plain loopback names lead here too, so that a developer needs no host of their own.
    verified: ["healthfirst.localhost", "shop.localhost", "localhost", "127.0.0.1", "::1"],
    unverified: [],
  },
  {
    slug: "careplus",
    name: "CarePlus",
    tagline: "Your clinic, around the clock",
    primary_color: "#1d4ed8",
    verified: ["careplus.localhost"],
    unverified: ["pending.localhost"],
  },
]
