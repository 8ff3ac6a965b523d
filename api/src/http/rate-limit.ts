/** Budgets of requests. Counted on Redis for all replicas together; while Redis is away each replica counts for itself. */
import { WarrenError } from '@warren/contracts'
import type { Response } from 'express'
import type { Redis } from 'ioredis'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import type { RateClass } from './contract.ts'

export type RateLimiter = {
  /**
   * Takes one from the caller's budget and tells what is left in the `RateLimit` headers.
   * @throws WarrenError `rate_limited`, with `Retry-After`
   */
  take(rate: RateClass, caller: string, res: Response): Promise<void>
}

/** How many requests in how many seconds. */
export type Budget = { readonly points: number; readonly seconds: number }

/** Reads `count/seconds`. */
export function parseBudget(text: string): Budget {
  const [points, seconds] = text.split('/').map(Number)
  if (!points || !seconds) throw new RangeError(`not a budget: ${text}`)
  return { points, seconds }
}

export const unlimited: RateLimiter = { take: async () => {} }

export function createRateLimiter(
  budgets: Readonly<Record<Exclude<RateClass, 'none'>, Budget>>,
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
