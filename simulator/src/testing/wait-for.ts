/** Resolves with the first truthy value of `probe`; rejects with `what` after `ms`. */
export const waitFor = async <T>(what: string, probe: () => T | Promise<T>, ms = 8000) => {
  const deadline = Date.now() + ms
  for (;;) {
    const value = await probe()
    if (value) return value as NonNullable<T>
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
