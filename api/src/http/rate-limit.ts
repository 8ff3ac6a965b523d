/** Budgets of requests. Counted on Redis for all replicas together; while Redis is away each replica counts for itself. */
import { isIPv6 } from 'node:net'
import { WarrenError } from '@warren/contracts'
import type { Response } from 'express'
import type { Redis } from 'ioredis'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import type { RateClass } from './contract.ts'

/** What is counted: requests of a caller by their class, those of its whole organisation, and attempts at one account from anywhere. */
export type BudgetName =
  | Exclude<RateClass, 'none'>
  | 'organizationMessages'
  | 'organizationUploads'
  | 'account'

/** The budget that all callers of an organisation share in a class, where they share one. */
export const SHARED_BUDGETS: Readonly<Partial<Record<RateClass, BudgetName>>> = {
  messages: 'organizationMessages',
  uploads: 'organizationUploads',
}

export type RateLimiter = {
  /**
   * Takes one from the caller's budget and tells what is left in the `RateLimit` headers.
   * @throws WarrenError `rate_limited`, with `Retry-After`
   */
  take(rate: BudgetName | 'none', caller: string, res?: Pick<Response, 'set'>): Promise<void>
}

/** How many requests in how many seconds. */
export type Budget = { readonly points: number; readonly seconds: number }

/** Reads `count/seconds`. */
export function parseBudget(text: string): Budget {
  const [points, seconds] = text.split('/').map(Number)
  if (!points || !seconds) throw new RangeError(`not a budget: ${text}`)
  return { points, seconds }
}

/**
 * The name of an address in budgets. One household or server has a whole /64 of IPv6, so that is what counts; an IPv4 address in IPv6
 * notation is the IPv4 address.
 */
export function addressBudget(address: string | undefined): string {
  const plain = (address ?? 'unknown').replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  if (!isIPv6(plain)) return `ip:${plain}`
  const [head = '', tail = ''] = plain.toLowerCase().split('::')
  const groups = (text: string) => text.split(':').filter(Boolean)
  const gap = plain.includes('::') ? Math.max(0, 8 - groups(head).length - groups(tail).length) : 0
  const all = [...groups(head), ...Array<string>(gap).fill('0'), ...groups(tail)]
  const network = all.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16))
  return `ip:${network.join(':')}::/64`
}

export const unlimited: RateLimiter = { take: async () => {} }

export function createRateLimiter(
  budgets: Readonly<Record<BudgetName, Budget>>,
  redis: Redis,
  keyPrefix: string,
): RateLimiter {
  const limiterOf = (name: string, { points, seconds }: Budget) => {
    const common = { keyPrefix: `${keyPrefix}:${name}`, points, duration: seconds }
    return new RateLimiterRedis({
      ...common,
      storeClient: redis,
      rejectIfRedisNotReady: true,
      insuranceLimiter: new RateLimiterMemory(common),
    })
  }
  const limiters = new Map(
    Object.entries(budgets).map(([name, budget]) => [name, { budget, limiter: limiterOf(name, budget) }]),
  )

  return {
    async take(rate, caller, res) {
      const entry = limiters.get(rate)
      if (!entry) return
      const { budget, limiter } = entry
      const tell = (state: RateLimiterRes) => {
        if (!res) return
        res.set('RateLimit-Policy', `${budget.points};w=${budget.seconds}`)
        res.set('RateLimit-Limit', String(budget.points))
        res.set('RateLimit-Remaining', String(state.remainingPoints))
        res.set('RateLimit-Reset', String(Math.ceil(state.msBeforeNext / 1000)))
      }
      try {
        tell(await limiter.consume(caller))
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal
        tell(refusal)
        const retryAfterSeconds = Math.max(1, Math.ceil(refusal.msBeforeNext / 1000))
        throw new WarrenError(
          'rate_limited',
          `The budget is ${budget.points} in ${budget.seconds} seconds.`,
          {
            details: { retryAfterSeconds },
          },
        )
      }
    },
  }
}
