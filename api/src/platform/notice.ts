/** A fact of this process that others in it want to hear of. */
export type Notice<T> = {
  tell(value: T): void
  onTold(listener: (value: T) => void): void
}

export function createNotice<T>(): Notice<T> {
  const listeners: ((value: T) => void)[] = []
  return {
    tell(value) {
      for (const listener of listeners) listener(value)
    },
    onTold: (listener) => void listeners.push(listener),
  }
}
