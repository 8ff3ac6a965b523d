type Truthy<T> = Exclude<T, false | 0 | '' | null | undefined>

/** Resolves with the first truthy value of `probe`; rejects with `what` after `ms`. */
export const waitFor = async <T>(
  what: string,
  probe: () => T | Promise<T>,
  ms = 8000,
): Promise<Truthy<T>> => {
  const deadline = Date.now() + ms
  for (;;) {
    const value = await probe()
    if (value) return value as Truthy<T>
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
