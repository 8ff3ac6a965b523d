/** An instance whose pod is to be replaced by one of the present template. */
export type RollCandidate = {
  readonly key: string
  readonly organization: string
  /** When its pod was made, in ms. */
  readonly bornMs: number
}

/** An instance whose pod was replaced and whose session is not back. */
export type RollMove = {
  readonly key: string
  readonly organization: string
}

export type RollBounds = {
  /** How many sessions may be down at a time, cluster-wide: a share of all, 0 to 1. At least one always may. */
  readonly maxUnavailable: number
  /** The same per organisation, as a number of 1 or more. */
  readonly maxUnavailablePerOrganization: number
}

export type RollView = {
  /** How many instances have a session. */
  readonly running: number
  readonly candidates: readonly RollCandidate[]
  readonly moves: readonly RollMove[]
  /** Instances whose session is away now, whatever the reason, with their organisations. */
  readonly unavailable: ReadonlyMap<string, string>
  /** How the last replacements ended, the youngest last; `lost` ones may have come back since and are `back` then. */
  readonly outcomes: readonly ('back' | 'lost')[]
  readonly bounds: RollBounds
}

export type RollDecision = {
  /** Too many of the last replaced sessions did not come back: nothing is replaced until they do. */
  readonly paused: boolean
  /** Keys to replace now. */
  readonly next: readonly string[]
}

/** So many of the last {@link LAST_OUTCOMES} may not come back before the roll pauses; fewer where fewer may be down at a time. */
const LOST_TO_PAUSE = 3
export const LAST_OUTCOMES = 10

/** How many sessions may be down at a time. */
export function mostUnavailable(running: number, { maxUnavailable }: RollBounds): number {
  return Math.max(1, Math.floor(running * maxUnavailable))
}

/**
 * Which pods to replace next. Pure. What is unavailable anyway goes first and costs nothing; then the oldest pods, as long as the bounds
 * allow another session to be away.
 */
export function decideRoll(view: RollView): RollDecision {
  const most = mostUnavailable(view.running, view.bounds)
  const lost = view.outcomes.slice(-LAST_OUTCOMES).filter((outcome) => outcome === 'lost').length
  if (lost >= Math.min(LOST_TO_PAUSE, most)) return { paused: true, next: [] }

  const down = new Map(view.unavailable)
  const moving = new Map<string, number>()
  for (const { key, organization } of view.moves) {
    down.set(key, organization)
    moving.set(organization, (moving.get(organization) ?? 0) + 1)
  }
  const downIn = new Map<string, number>()
  for (const organization of down.values()) downIn.set(organization, (downIn.get(organization) ?? 0) + 1)

  const isDown = ({ key }: RollCandidate) => down.has(key)
  const inOrder = [...view.candidates].sort(
    (a, b) => Number(isDown(b)) - Number(isDown(a)) || a.bornMs - b.bornMs || (a.key < b.key ? -1 : 1),
  )
  const next: string[] = []
  for (const { key, organization } of inOrder) {
    const movingHere = moving.get(organization) ?? 0
    const downHere = downIn.get(organization) ?? 0
    if (movingHere >= view.bounds.maxUnavailablePerOrganization) continue
    if (!down.has(key)) {
      if (down.size >= most || downHere >= view.bounds.maxUnavailablePerOrganization) continue
      down.set(key, organization)
      downIn.set(organization, downHere + 1)
    }
    moving.set(organization, movingHere + 1)
    next.push(key)
  }
  return { paused: false, next }
}
