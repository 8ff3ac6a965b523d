/** What a value takes in a commit, roughly and cheaply: nothing is encoded for it. In bytes. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value) + 3
  if (typeof value !== 'object' || value === null) return 8
  if (value instanceof Uint8Array) return Math.ceil(value.length / 3) * 4 + 10
  let size = 2
  for (const key in value) size += key.length + 4 + sizeOf((value as Record<string, unknown>)[key])
  return size
}
