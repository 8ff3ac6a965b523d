/**
 * Which two addresses are one person, and when. WhatsApp moves chats from numbers (PN) to hidden ids (LID), so a chat that began under the
 * one goes on under the other. People change their number and keep the LID; numbers are given to other people, who have another LID. So a
 * pair holds from its journal position until one of the two is told in another pair. Pure.
 */

export type Pair = { readonly pn: string; readonly lid: string }

export type Fact = Pair & {
  /** Journal position at which it became known. */
  readonly seq: number
  /** Journal position at which one of the two was told in another pair; absent while it holds. */
  readonly until?: number
}

/** Asked about as of now: no journal gets that far. */
export const NOW = Number.MAX_SAFE_INTEGER

/** Everything that is known of some addresses. */
export type Facts<F extends Fact = Fact> = {
  /** The fact that a number is filed by at a journal position. */
  ofNumber(pn: string, seq: number): F | undefined
  ofLid(lid: string, seq: number): F | undefined
  /** How many owners the number had before, at a journal position. */
  formerOwners(pn: string, seq: number): number
  /** How many owners of the number were told of. */
  owners(pn: string): number
  knows(pair: Pair, seq: number): boolean
  /** Takes a fact on, and ends those that it contradicts: these are returned as they are then. */
  learn(fact: F): F[]
}

export function createFacts<F extends Fact>(known: readonly F[]): Facts<F> {
  let facts = [...known].sort(bySeq)

  /**
   * What came before the first fact was moved to it when it was told, and what came between the end of one and the next likewise: so that
   * an older entry is filed where it lies, however often it is applied.
   */
  const at = (is: (fact: F) => boolean, seq: number) =>
    facts.find((fact) => is(fact) && (fact.until ?? NOW + 1) > seq)
  const ofNumber = (pn: string, seq: number) => at((fact) => fact.pn === pn, seq)
  const ofLid = (lid: string, seq: number) => at((fact) => fact.lid === lid, seq)

  return {
    ofNumber,
    ofLid,
    formerOwners: (pn, seq) =>
      facts.filter((fact) => fact.pn === pn && (fact.until ?? NOW + 1) <= seq).length,
    owners: (pn) => facts.filter((fact) => fact.pn === pn).length,
    knows: ({ pn, lid }, seq) => ofNumber(pn, seq)?.lid === lid && ofLid(lid, seq)?.pn === pn,
    learn(fact) {
      const ended = facts.filter((one) => contradicts(fact, one)).map((one) => ({ ...one, until: fact.seq }))
      facts = [...facts.filter((one) => !contradicts(fact, one)), ...ended, fact].sort(bySeq)
      return ended
    },
  }
}

const bySeq = (a: Fact, b: Fact) => a.seq - b.seq

/** Whether a fact that holds cannot hold any more when the other is true: one address of the two is the same. */
function contradicts(told: Fact, before: Fact): boolean {
  return before.until === undefined && (told.pn === before.pn) !== (told.lid === before.lid)
}
