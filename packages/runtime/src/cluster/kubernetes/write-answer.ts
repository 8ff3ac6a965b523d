/** The uid of what a delete removed at once; undefined when the object is still there and the answer is the object. */
export function removedUid(answer: unknown): string | undefined {
  const { kind, details } = answer as { kind?: string; details?: { uid?: string } }
  return kind === 'Status' ? details?.uid : undefined
}
