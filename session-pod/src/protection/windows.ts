/** Limits over sliding windows. Pure; times are milliseconds since 1970, in ascending order. */

export type Tier = { readonly windowMs: number; readonly limit: number }

export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

/**
 * The first moment at which one more keeps every limit: between any send and the one `limit` places after it lies a whole window.
 * @param spent when earlier ones went, ascending
 */
export function earliest(spent: readonly number[], tiers: readonly Tier[], nowMs: number): number {
  return tiers.reduce((at, { windowMs, limit }) => {
    const first = spent[spent.length - limit]
    return first === undefined ? at : Math.max(at, first + windowMs)
  }, nowMs)
}

/** When each of the next `count` may go, if nothing else does. */
export function plan(
  spent: readonly number[],
  tiers: readonly Tier[],
  nowMs: number,
  count: number,
): number[] {
  const all = [...spent]
  for (let i = 0; i < count; i++) all.push(earliest(all, tiers, Math.max(nowMs, all.at(-1) ?? nowMs)))
  return all.slice(spent.length)
}

/** How many lie within a window that ends now. */
export function usedIn(spent: readonly number[], windowMs: number, nowMs: number): number {
  const first = spent.findIndex((at) => at > nowMs - windowMs)
  return first < 0 ? 0 : spent.length - first
}
