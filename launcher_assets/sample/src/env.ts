import { writeSync } from "node:fs"

/**
 * The environment this marketplace needs. `readEnvironment` reports everything that is wrong at
 * once, by name and rule; it never repeats a value, because most of them are secrets.
 */

const SECRET_LENGTH = 64

export type Environment = {
  databaseUrl: string
  redisUrl: string
  jwtSecret: string
  cookieSecret: string
  storeCors: string
  adminCors: string
  authCors: string
  isHttps: boolean
}

/** What is wrong with a value that is set; undefined when nothing is. */
type Rule = (value: string) => string | undefined

const urlWithProtocol =
  (...protocols: string[]): Rule =>
  (value) => {
    const wanted = protocols.map((protocol) => `${protocol}//`).join(" or ")
    return protocols.includes(protocolOf(value)) ? undefined : `must be a ${wanted} URL`
  }

const secret: Rule = (value) =>
  value.length >= SECRET_LENGTH
    ? undefined
    : `must be at least ${SECRET_LENGTH} characters long, and has ${value.length}`

const origins: Rule = (value) =>
  value.split(",").every((origin) => isHttp(origin.trim()))
    ? undefined
    : "must be a list of http:// or https:// origins, separated by commas"

/** "/" stands for the page's own origin: the launcher builds the admin with it. */
const backendUrl: Rule = (value) =>
  value === "/" || isHttp(value) ? undefined : "must be an http:// or https:// URL, or /"

const RULES: Record<string, Rule> = {
  DATABASE_URL: urlWithProtocol("postgres:", "postgresql:"),
  REDIS_URL: urlWithProtocol("redis:", "rediss:"),
  JWT_SECRET: secret,
  COOKIE_SECRET: secret,
  STORE_CORS: origins,
  ADMIN_CORS: origins,
  AUTH_CORS: origins,
  MEDUSA_BACKEND_URL: backendUrl,
}

export function readEnvironment(env: NodeJS.ProcessEnv): Environment {
  const problems = findProblems(env)
  if (problems.length > 0) {
    refuse(problems)
  }

  const value = (name: string) => env[name] as string
  return {
    databaseUrl: value("DATABASE_URL"),
    redisUrl: value("REDIS_URL"),
    jwtSecret: value("JWT_SECRET"),
    cookieSecret: value("COOKIE_SECRET"),
    storeCors: value("STORE_CORS"),
    adminCors: value("ADMIN_CORS"),
    authCors: value("AUTH_CORS"),
    isHttps: protocolOf(value("MEDUSA_BACKEND_URL")) === "https:",
  }
}

/** Exits and does not throw: `medusa build` swallows what its configuration throws, and exits with 0. */
function refuse(problems: string[]): never {
  writeSync(process.stderr.fd, `FATAL: the environment is not usable: ${problems.join("; ")}.\n`)
  process.exit(1)
}

function findProblems(env: NodeJS.ProcessEnv): string[] {
  const problems: string[] = []
  for (const [name, rule] of Object.entries(RULES)) {
    const value = env[name]
    const problem = value ? rule(value) : "is not set"
    if (problem) {
      problems.push(`${name} ${problem}`)
    }
  }
  if (env.NODE_ENV === "production" && !env.ENCRYPTION_KEY_CURRENT && !env.DATABASE_ENCRYPTION_KEY) {
    problems.push("ENCRYPTION_KEY_CURRENT (or DATABASE_ENCRYPTION_KEY) is not set, and production needs it")
  }
  return problems
}

function isHttp(value: string): boolean {
  return ["http:", "https:"].includes(protocolOf(value))
}

function protocolOf(value: string): string {
  return URL.canParse(value) ? new URL(value).protocol : ""
}
